"""Tracking and sending domains in the database: `domains.ports.DomainStore`."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Engine,
    ForeignKey,
    Index,
    Integer,
    Row,
    Select,
    Table,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError

from domains.directory import DomainEntries, SendingEntry, TrackingEntry
from domains.errors import NameTaken, StoreUnavailable, UnknownDomain
from domains.model import SendingDomain, State, TrackingDomain
from domains.sender_rules import rules_from_json, rules_to_json
from rewriter.policy import Mode
from storage.engine import transaction
from storage.metadata import StoredText, UtcDateTime, metadata
from storage.versions import raise_version, version_of

tracking_domains: Final = Table(
    "tracking_domains",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project", Integer, nullable=False),
    Column("name", StoredText, nullable=False, unique=True),
    Column("target", StoredText, nullable=False),
    Column("state", StoredText, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("diagnosis", StoredText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("checked_at", UtcDateTime),
    Column("verified_at", UtcDateTime),
    # An id is never used again: a slow verification must not write its finding over a newer domain.
    sqlite_autoincrement=True,
)
Index(
    "uq_tracking_domains_default",
    tracking_domains.c.project,
    unique=True,
    sqlite_where=text("is_default"),
    postgresql_where=text("is_default"),
)

sending_domains: Final = Table(
    "sending_domains",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project", Integer, nullable=False),
    Column("name", StoredText, nullable=False, unique=True),
    Column("tracking_domain", ForeignKey(tracking_domains.c.id, ondelete="SET NULL"), index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("tracking", StoredText),
    Column("share", Integer, nullable=False, server_default=text("100")),
    Column("rules", JSON, nullable=False, server_default=text("'{}'")),
    Column("token", StoredText, nullable=False, server_default=text("''")),
    Column("verified_at", UtcDateTime),
    sqlite_autoincrement=True,
)


class SqlDomainStore:
    """`domains.ports.DomainStore` on an engine of `storage.engine.open_engine`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def version(self) -> int:
        with self._reading() as connection:
            return version_of(connection, "domains")

    def entries(self) -> DomainEntries:
        with self._reading() as connection:
            return DomainEntries(
                list(map(_tracking_entry, _read(connection, _TRACKING_ENTRIES))),
                list(map(_sending_entry, _read(connection, _SENDING_ENTRIES))),
            )

    def tracking_domains(self) -> list[TrackingDomain]:
        with self._reading() as connection:
            rows = connection.execute(select(tracking_domains).order_by(tracking_domains.c.name))
            return [_tracking_domain(row) for row in rows]

    def find_tracking_domain(self, name: str) -> TrackingDomain | None:
        with self._reading() as connection:
            return _find_tracking_domain(connection, name)

    def add_tracking_domain(
        self, *, project: int, name: str, target: str, created_at: datetime
    ) -> TrackingDomain:
        added = tracking_domains.insert().values(
            project=project,
            name=name,
            target=target,
            state=State.PENDING,
            is_default=False,
            diagnosis="",
            created_at=created_at,
        )
        with self._changing() as connection, _unique(name):
            row = connection.execute(added.returning(*tracking_domains.c)).one()
            return _tracking_domain(row)

    def update_tracking_domain(self, domain: TrackingDomain) -> None:
        changed = (
            tracking_domains.update()
            .where(tracking_domains.c.id == domain.id)
            .values(
                name=domain.name,
                target=domain.target,
                state=domain.state,
                diagnosis=domain.diagnosis,
                created_at=domain.created_at,
                checked_at=domain.checked_at,
                verified_at=domain.verified_at,
            )
        )
        with self._changing() as connection, _unique(domain.name):
            if not connection.execute(changed).rowcount:
                raise _unknown("tracking", domain.name)

    def make_default(self, name: str) -> None:
        column = tracking_domains.c
        with self._changing() as connection:
            domain = _known_tracking_domain(connection, name)
            others = tracking_domains.update().where(column.project == domain.project, column.is_default)
            connection.execute(others.values(is_default=False))
            connection.execute(
                tracking_domains.update().where(column.id == domain.id).values(is_default=True)
            )

    def retire_tracking_domain(self, name: str) -> None:
        with self._changing() as connection:
            number = _known_tracking_domain(connection, name).id
            retired = tracking_domains.update().where(tracking_domains.c.id == number)
            connection.execute(retired.values(state=State.RETIRED, is_default=False))
            senders = sending_domains.update().where(sending_domains.c.tracking_domain == number)
            connection.execute(senders.values(tracking_domain=None))

    def delete_tracking_domain(self, name: str) -> None:
        with self._changing() as connection:
            deleted = tracking_domains.delete().where(tracking_domains.c.name == name)
            if not connection.execute(deleted).rowcount:
                raise _unknown("tracking", name)

    def sending_domains(self) -> list[SendingDomain]:
        with self._reading() as connection:
            rows = connection.execute(_senders().order_by(sending_domains.c.name))
            return [_sending_domain(row) for row in rows]

    def find_sending_domain(self, name: str) -> SendingDomain | None:
        with self._reading() as connection:
            return find_sending_domain(connection, name)

    def add_sending_domain(
        self, *, project: int, name: str, created_at: datetime, token: str
    ) -> SendingDomain:
        with self._changing() as connection, _unique(name):
            return insert_sending_domain(
                connection, project=project, name=name, created_at=created_at, token=token
            )

    def verify_sending_domain(self, name: str, token: str, verified_at: datetime) -> None:
        own = sending_domains.c
        with self._changing() as connection:
            domain = find_sending_domain(connection, name)
            if domain is None or domain.token != token:
                raise _unknown("sending", name)
            unproven = sending_domains.update().where(own.id == domain.id, own.verified_at.is_(None))
            connection.execute(unproven.values(verified_at=verified_at))

    def link(self, sender: str, tracking_domain: str | None) -> None:
        with self._changing() as connection:
            number = None
            if tracking_domain is not None:
                number = _known_tracking_domain(connection, tracking_domain).id
            linked = sending_domains.update().where(sending_domains.c.name == sender)
            if not connection.execute(linked.values(tracking_domain=number)).rowcount:
                raise _unknown("sending", sender)

    def update_sending_domain(self, domain: SendingDomain) -> None:
        changed = sending_domains.update().where(sending_domains.c.name == domain.name)
        with self._changing() as connection:
            row = changed.values(
                tracking=domain.tracking, share=domain.share, rules=rules_to_json(domain.rules)
            )
            if not connection.execute(row).rowcount:
                raise _unknown("sending", domain.name)

    def delete_sending_domain(self, name: str) -> None:
        with self._changing() as connection:
            deleted = sending_domains.delete().where(sending_domains.c.name == name)
            if not connection.execute(deleted).rowcount:
                raise _unknown("sending", name)

    def _reading(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine, writes=False, raising=StoreUnavailable)

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        """Run a change, and let the version grow in the same transaction."""
        with transaction(self._engine, writes=True, raising=StoreUnavailable) as connection:
            raise_version(connection, "domains")
            yield connection


@contextmanager
def _unique(name: str) -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise NameTaken(f"{name} exists already; choose another name.") from None


def _unknown(kind: str, name: str) -> UnknownDomain:
    return UnknownDomain(f"There is no {kind} domain {name}.")


def _find_tracking_domain(connection: Connection, name: str) -> TrackingDomain | None:
    wanted = select(tracking_domains).where(tracking_domains.c.name == name)
    row = connection.execute(wanted).one_or_none()
    return None if row is None else _tracking_domain(row)


def _known_tracking_domain(connection: Connection, name: str) -> TrackingDomain:
    domain = _find_tracking_domain(connection, name)
    if domain is None:
        raise _unknown("tracking", name)
    return domain


def _tracking_domain(row: Row[Any]) -> TrackingDomain:
    return TrackingDomain(
        id=row.id,
        project=row.project,
        name=row.name,
        target=row.target,
        state=State(row.state),
        is_default=row.is_default,
        diagnosis=row.diagnosis,
        created_at=row.created_at,
        checked_at=row.checked_at,
        verified_at=row.verified_at,
    )


_TRACKING_ENTRIES: Final = select(
    tracking_domains.c.name,
    tracking_domains.c.project,
    tracking_domains.c.state,
    tracking_domains.c.is_default,
)

_SENDING_ENTRIES: Final = select(
    sending_domains.c.name,
    sending_domains.c.project,
    tracking_domains.c.name.label("tracking_domain"),
    sending_domains.c.tracking,
    sending_domains.c.share,
    sending_domains.c.id,
    sending_domains.c.verified_at,
    sending_domains.c.rules,
).select_from(sending_domains.outerjoin(tracking_domains))


def _read(connection: Connection, wanted: Select[Any]) -> Iterator[Row[Any]]:
    """Yield the rows, a few at a time: a driver that takes them all at once holds the interpreter's lock."""
    yield from connection.execution_options(yield_per=500).execute(wanted)


def _tracking_entry(row: Row[Any]) -> TrackingEntry:
    return TrackingEntry(row.name, row.project, State(row.state), row.is_default)


def _sending_entry(row: Row[Any]) -> SendingEntry:
    tracking = None if row.tracking is None else Mode(row.tracking)
    return SendingEntry(
        row.name,
        row.project,
        row.tracking_domain,
        tracking,
        row.share,
        row.id,
        row.verified_at is not None,
        rules_from_json(row.rules),
    )


def find_sending_domain(connection: Connection, name: str) -> SendingDomain | None:
    """Return it, or None."""
    row = connection.execute(_senders().where(sending_domains.c.name == name)).one_or_none()
    return None if row is None else _sending_domain(row)


def insert_sending_domain(
    connection: Connection,
    *,
    project: int,
    name: str,
    created_at: datetime,
    token: str,
    verified_at: datetime | None = None,
) -> SendingDomain:
    """Insert it with nothing set, and return it."""
    added = sending_domains.insert().values(
        project=project, name=name, created_at=created_at, token=token, verified_at=verified_at
    )
    number = connection.execute(added.returning(sending_domains.c.id)).scalar_one()
    return SendingDomain(
        id=number,
        project=project,
        name=name,
        tracking_domain=None,
        created_at=created_at,
        token=token,
        verified_at=verified_at,
    )


def _senders() -> Select[Any]:
    """Select sending domains, each with the name of its tracking domain."""
    own = sending_domains.c
    return select(
        own.id,
        own.project,
        own.name,
        own.created_at,
        own.tracking,
        own.share,
        own.rules,
        own.token,
        own.verified_at,
        tracking_domains.c.name.label("tracking_domain"),
    ).select_from(sending_domains.outerjoin(tracking_domains))


def _sending_domain(row: Row[Any]) -> SendingDomain:
    return SendingDomain(
        id=row.id,
        project=row.project,
        name=row.name,
        tracking_domain=row.tracking_domain,
        created_at=row.created_at,
        tracking=None if row.tracking is None else Mode(row.tracking),
        share=row.share,
        rules=rules_from_json(row.rules),
        token=row.token,
        verified_at=row.verified_at,
    )
