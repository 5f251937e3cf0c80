"""Forgets people, and tells what is stored of them: `events.forgetting.ForgettingStore`.

Addresses are looked for in all messages, some at a time: an index of them in small letters would take disk
and time with every message, for what is asked now and then.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Engine, func, or_, select, text, true, update

from accounts.audit import Action, AuditChange
from events.forgetting import EVERY_PROJECT, Forgotten, Person
from events.ports import StoreUnavailable
from storage.auditing import note
from storage.dialects import insert
from storage.engine import backend_of, repeatedly, transaction
from storage.event_tables import hits, links, messages, outcomes, recipients
from storage.forgotten import NOBODY, forgotten, withhold
from storage.redacting import redact_messages

MESSAGES: Final = 2_000
"""Looked at in one step."""


class SqlForgettingStore:
    """`events.forgetting.ForgettingStore` on an engine of `storage.engine.open_engine`."""

    def __init__(self, engine: Engine, *, messages: int = MESSAGES) -> None:
        self._engine = engine
        self._messages = messages

    def note(self, person: Person, fingerprints: Mapping[int, str], at: int) -> None:
        project = EVERY_PROJECT if person.project is None else person.project
        rows = [
            {"fingerprint": each, "project": project, "key": key, "at": at}
            for key, each in fingerprints.items()
        ]
        wish = AuditChange(
            project=person.project,
            action=Action.REMOVED,
            kind="person",
            name="(forgotten)",  # the log stays for ever
            before={},
            after={},
        )
        repeatedly(self._engine, partial(_note, rows, wish), raising=StoreUnavailable)

    def forget_next(self, person: Person, beyond: str) -> tuple[Forgotten, str | None]:
        with self._reading() as connection:
            last = self._last(connection, beyond)
        done: list[Forgotten] = []
        span = _Span(person, beyond, last)
        repeatedly(self._engine, partial(_forget, span, done), raising=StoreUnavailable)
        return done[-1], last

    def about_next(self, person: Person, beyond: str) -> tuple[list[dict[str, Any]], str | None]:
        with self._reading() as connection:
            last = self._last(connection, beyond)
            return list(_about(connection, _Span(person, beyond, last))), last

    def wipe(self) -> bool:
        return backend_of(self._engine.url).wipe(self._engine)

    def _last(self, connection: Connection, beyond: str) -> str | None:
        """Return the last message of a step; None where fewer are left."""
        further = select(messages.c.id).where(messages.c.id > beyond).order_by(messages.c.id)
        return connection.execute(further.offset(self._messages - 1).limit(1)).scalar_one_or_none()

    def _reading(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine, writes=False, raising=StoreUnavailable)


class _Span:
    """Some messages that follow each other, and who is looked for in them."""

    def __init__(self, person: Person, beyond: str, last: str | None) -> None:
        self._person = person
        self._beyond = beyond
        self._last = last

    def received(self, connection: Connection) -> Sequence[Any]:
        """Return the rows of `recipients` that name the person."""
        own = recipients.c
        named = select(recipients).where(self._within(own.message), self._is_person(own.address))
        if self._person.project is not None:
            named = named.join(messages, messages.c.id == own.message)
        return connection.execute(named.where(self._of_project()).order_by(own.message, own.position)).all()

    def sent(self, connection: Connection) -> Sequence[Any]:
        """Return id and sender of the messages that the person sent."""
        own = messages.c
        named = select(own.id, own.sender).where(self._within(own.id), self._is_person(own.sender))
        return connection.execute(named.where(self._of_project())).all()

    def _within(self, message: Column[Any]) -> ColumnElement[bool]:
        ahead: ColumnElement[bool] = message > self._beyond
        return ahead if self._last is None else ahead & (message <= self._last)

    def _of_project(self) -> ColumnElement[bool]:
        project = self._person.project
        return true() if project is None else messages.c.project == project

    def _is_person(self, column: Column[Any]) -> ColumnElement[bool]:
        # Both sides by the database, which may know fewer letters than Python.
        return or_(*(func.lower(column) == func.lower(each) for each in self._person.spellings()))


def _note(rows: list[dict[str, Any]], wish: AuditChange, connection: Connection) -> None:
    """Wait for those who store records without knowing of it, and let nobody else begin before it is known.

    With SQLite one at a time writes anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE forgotten IN ACCESS EXCLUSIVE MODE"))
    new = insert(connection.dialect, forgotten)
    own = forgotten.c
    later = new.on_conflict_do_update(
        index_elements=[own.fingerprint, own.project], set_={"at": new.excluded.at}
    )
    connection.execute(later, rows)
    note(connection, wish)


def _forget(span: _Span, done: list[Forgotten], connection: Connection) -> None:
    received, sent = span.received(connection), span.sent(connection)
    addresses: defaultdict[str, set[str]] = defaultdict(set)
    for row in received:
        addresses[row.message].add(row.address)
    for row in sent:
        addresses[row.id].add(row.sender)
    for row in received:
        this = (recipients.c.message == row.message, recipients.c.position == row.position)
        connection.execute(update(recipients).where(*this).values(address=NOBODY))
    redact_messages(connection, addresses, metadata_of=_left_alone(connection, received))
    readers = {(row.message, row.reference) for row in received if row.reference}
    count = withhold(connection, readers)
    done.append(Forgotten(received=len({row.message for row in received}), sent=len(sent), hits=count))


def _left_alone(connection: Connection, received: Sequence[Any]) -> set[str]:
    """Return the messages that are for nobody any more: their metadata was of those who were forgotten."""
    own = recipients.c
    ids = {row.message for row in received}
    others = select(own.message).where(own.message.in_(ids), own.address != NOBODY)
    return ids - {*connection.execute(others).scalars()}


def _about(connection: Connection, span: _Span) -> Iterator[dict[str, Any]]:
    for to in span.received(connection):
        message = connection.execute(select(messages).where(messages.c.id == to.message)).one_or_none()
        own = hits.c
        clicked = select(hits).where(own.message == to.message, own.recipient == to.reference)
        yield {
            "message": None if message is None else dict(message._mapping),
            "recipient": {"address": to.address, "reference": to.reference},
            "links": _rows(connection, select(links).where(links.c.message == to.message)),
            "outcomes": _rows(connection, select(outcomes).where(outcomes.c.message == to.message)),
            "hits": _rows(connection, clicked.order_by(own.at, own.id)) if to.reference else [],
        }


def _rows(connection: Connection, query: Any) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in connection.execute(query)]
