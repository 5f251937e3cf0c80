"""Writes down who changed what, in the transaction that changes it.

A table whose rows people change says so in its `info`. On an engine of `acting` every statement that writes
to such a table is followed, whichever store it comes from: no use case can forget it, and what is undone
leaves no entry. What programs do by themselves, on any other engine, is not written down here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Delete,
    Engine,
    Index,
    Insert,
    Integer,
    Table,
    Update,
    and_,
    event,
    func,
    select,
)

from accounts.audit import Action, AuditChange
from storage.metadata import StoredText, UtcDateTime, metadata

AUDITED: Final = "audited"
"""The key of a table's `info` with its `Audited`."""

HIDDEN: Final = "(secret)"
_ACTOR: Final = "waypost_actor"

audit_log: Final = Table(
    "audit_log",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("actor", StoredText, nullable=False),
    Column("project", Integer),  # no foreign key: it outlives the project
    Column("action", StoredText, nullable=False),
    Column("kind", StoredText, nullable=False),
    Column("name", StoredText, nullable=False),
    Column("before", JSON, nullable=False),
    Column("after", JSON, nullable=False),
    Index("ix_audit_log_project_id", "project", "id"),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """How the rows of a table are told: what people call them, and the columns that name one, all unique.

    `secret` columns are told to differ and never shown, `in_part` ones as these functions show them; `apart`
    are no doing of people.
    """

    kind: str
    name: tuple[str, ...]
    secret: frozenset[str] = frozenset()
    in_part: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    apart: frozenset[str] = frozenset()


def acting(engine: Engine, actor: str) -> Engine:
    """Return the same engine, on which all changes are written down as this actor's."""
    return engine.execution_options(**{_ACTOR: actor})


@contextmanager
def audit(connection: Connection) -> Iterator[None]:
    """Follow what the block writes, and write that down at its end, where somebody is known to act."""
    actor = connection.get_execution_options().get(_ACTOR)
    if actor is None:
        yield
        return
    trail = _Trail(connection)
    event.listen(connection, "before_execute", trail.follow)
    yield
    for change in trail.changes():
        write_entry(connection, actor, change)


def note(connection: Connection, change: AuditChange) -> None:
    """Write down what no row tells that is followed, where somebody is known to act."""
    if (actor := connection.get_execution_options().get(_ACTOR)) is not None:
        write_entry(connection, actor, change)


def write_entry(connection: Connection, actor: str, change: AuditChange) -> None:
    """Write an entry of now, by the clock of the database, which all machines share."""
    # Bound as a value: SQLite's own spelling of a time does not compare with that of others.
    entry = audit_log.insert().values(
        at=connection.execute(select(func.now(type_=UtcDateTime))).scalar_one(),
        actor=actor,
        project=change.project,
        action=change.action,
        kind=change.kind,
        name=change.name,
        before=dict(change.before),
        after=dict(change.after),
    )
    connection.execute(entry)


_Row = Mapping[str, Any]


class _Trail:
    """What a transaction found, by table and primary key, before it wrote over it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._before: dict[tuple[Table, Sequence[Any]], _Row | None] = {}
        self._inserts: list[tuple[Table, ColumnElement[bool]]] = []

    def follow(
        self, connection: Connection, statement: Any, many: Sequence[_Row], one: _Row, _: _Row
    ) -> None:
        """Take down the rows that a statement is about to write over."""
        if not isinstance(statement, Insert | Update | Delete) or not isinstance(statement.table, Table):
            return
        table = statement.table
        if AUDITED not in table.info:
            return
        if not isinstance(statement, Insert):
            self._keep(table, statement.whereclause)
            return
        values: _Row = {**statement.compile(dialect=connection.dialect).params, **one}
        for row in many or [values]:
            named = and_(*(table.c[column] == {**values, **row}[column] for column in _of(table).name))
            self._keep(table, named)
            self._inserts.append((table, named))

    def changes(self) -> Iterator[AuditChange]:
        """Yield what is otherwise now."""
        for table, named in self._inserts:
            for key, _ in self._rows(table, named):
                self._before.setdefault((table, key), None)
        for (table, key), before in self._before.items():
            own = and_(*(c == value for c, value in zip(table.primary_key, key, strict=True)))
            after = next((row for _, row in self._rows(table, own)), None)
            if change := _change(table, before, after):
                yield change

    def _keep(self, table: Table, condition: ColumnElement[bool] | None) -> None:
        for key, row in self._rows(table, condition):
            self._before.setdefault((table, key), row)

    def _rows(self, table: Table, condition: ColumnElement[bool] | None) -> list[tuple[Sequence[Any], _Row]]:
        shown = [_readable(column) for column in table.c if column.name not in _of(table).apart]
        wanted = select(*table.primary_key, *shown)
        if condition is not None:
            wanted = wanted.where(condition)
        keys = len(table.primary_key)
        return [
            (tuple(row[:keys]), dict(zip((each.name for each in shown), row[keys:], strict=True)))
            for row in self._connection.execute(wanted)
        ]


def _of(table: Table) -> Audited:
    found: Audited = table.info[AUDITED]
    return found


def _readable(column: Column[Any]) -> Any:
    """Return the column; for one that refers to a thing with a name, that name. Projects go by number."""
    for key in column.foreign_keys:
        other = key.column.table
        if AUDITED in other.info and column.name != "project":
            [name] = (other.c[each] for each in _of(other).name[-1:])
            return select(name).where(key.column == column).scalar_subquery().label(column.name)
    return column.label(column.name)


def _change(table: Table, before: _Row | None, after: _Row | None) -> AuditChange | None:
    row = after or before
    if row is None or before == after:
        return None
    audited = _of(table)
    changed = {name for name in row if before is None or after is None or before[name] != after[name]}
    number = row["id"] if table.name == "projects" else row.get("project")
    if before is None or after is None:
        changed -= {"id", "project", "created_at", *audited.name}
    return AuditChange(
        project=None if number is None else int(number),
        action=Action.ADDED if before is None else Action.REMOVED if after is None else Action.CHANGED,
        kind=audited.kind,
        name=" ".join(str(row[name]) for name in audited.name if name != "project"),
        before=_told(audited, before, changed),
        after=_told(audited, after, changed),
    )


def _told(audited: Audited, row: _Row | None, names: set[str]) -> dict[str, Any]:
    """Return what is told of a row: what is set, secrets hidden."""
    if row is None:
        return {}
    return {
        name: HIDDEN if name in audited.secret else audited.in_part.get(name, _plain)(row[name])
        for name in row
        if name in names and row[name] is not None
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
