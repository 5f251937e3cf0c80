"""Deletes what is past its time, a few rows at a time: `events.retention.RetentionStore`.

What to look at is read first, in a transaction of its own; the one that deletes is short, since with SQLite
nobody else writes meanwhile.
"""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Table,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    tuple_,
)

from events.ports import Place, StoreUnavailable
from events.retention import Limit
from links.recipients import RecipientTracking
from storage.engine import backend_of, repeatedly, transaction
from storage.event_tables import hits, links, messages, outcomes, recipients
from storage.forgotten import forgotten
from storage.redacting import redact_messages

EVENTS: Final = 2_000  # at a time; of 1,000 each row costs twice the CPU time
MESSAGES: Final = 200

_UNKNOWN_PROJECT: Final = -1


class SqlRetentionStore:
    """`events.retention.RetentionStore` on an engine of `storage.engine.open_engine`."""

    def __init__(self, engine: Engine, *, events: int = EVENTS, messages: int = MESSAGES) -> None:
        self._engine = engine
        self._events = events
        self._messages = messages

    def unname(self, anonymous: Limit, others: Limit, beyond: str) -> tuple[int, str | None]:
        own = recipients.c
        until = _first_id(max(anonymous.latest, others.latest))
        found = select(own.message).distinct().where(own.message > beyond, own.message < until)
        with self._reading() as connection:
            seen = connection.execute(found.order_by(own.message).limit(self._messages)).scalars().all()
            facts = select(messages.c.id, messages.c.at, messages.c.project, messages.c.recipient_tracking)
            due = [
                row.id
                for row in connection.execute(facts.where(messages.c.id.in_(seen)))
                if row.at < (anonymous if _is_anonymous(row) else others).of(row.project)
            ]
        if due:
            repeatedly(self._engine, partial(_unname, due), raising=StoreUnavailable)
        return len(due), seen[-1] if len(seen) == self._messages else None

    def delete_hits(self, limit: Limit, beyond: Place) -> tuple[int, Place | None]:
        return self._delete(hits, _is_past(limit, hits.c.at, hits.c.project), limit, beyond)

    def delete_outcomes(self, limit: Limit, beyond: Place) -> tuple[int, Place | None]:
        of_message = select(messages.c.project).where(messages.c.id == outcomes.c.message).scalar_subquery()
        project = func.coalesce(of_message, _UNKNOWN_PROJECT)
        return self._delete(outcomes, _is_past(limit, outcomes.c.at, project), limit, beyond)

    def delete_messages(self, limit: Limit, beyond: str) -> tuple[int, str | None]:
        own = messages.c
        found = select(own.id, own.at, own.project).where(own.id > beyond, own.id < _first_id(limit.latest))
        with self._reading() as connection:
            seen = connection.execute(found.order_by(own.id).limit(self._messages)).all()
        due = [row.id for row in seen if row.at < limit.of(row.project)]
        gone: list[int] = []
        if due:
            repeatedly(self._engine, partial(_delete_messages, due, gone), raising=StoreUnavailable)
        return sum(gone), seen[-1].id if len(seen) == self._messages else None

    def delete_wishes(self, before: int) -> None:
        past = delete(forgotten).where(forgotten.c.at < before)
        with transaction(self._engine, writes=True, raising=StoreUnavailable) as connection:
            connection.execute(past)

    def wipe(self) -> bool:
        return backend_of(self._engine.url).wipe(self._engine)

    def _delete(
        self, table: Table, past: ColumnElement[bool], limit: Limit, beyond: Place
    ) -> tuple[int, Place | None]:
        own, place = table.c, tuple_(table.c.at, table.c.id)
        # The times by themselves, too: by them PostgreSQL chooses partitions.
        ahead = (place > tuple_(*beyond), own.at >= beyond[0], own.at < limit.latest)
        further = select(own.at, own.id).where(*ahead).order_by(own.at, own.id).limit(1)
        with self._reading() as connection:
            last = connection.execute(further.offset(self._events - 1)).one_or_none()
        span = ahead if last is None else (*ahead, place <= tuple_(*last), own.at <= last.at)
        counts: list[int] = []

        def work(connection: Connection) -> None:
            counts[:] = [connection.execute(delete(table).where(*span, past)).rowcount]

        repeatedly(self._engine, work, raising=StoreUnavailable)
        return counts[0], None if last is None else (last.at, last.id)

    def _reading(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine, writes=False, raising=StoreUnavailable)


def _is_anonymous(row: Any) -> bool:
    return bool(row.recipient_tracking != RecipientTracking.IDENTIFIED)


def _first_id(at: int) -> str:
    """Return what the ids of earlier messages sort before: they begin with the time (`links.ids`)."""
    return at.to_bytes(6, "big").hex()


def _is_past(limit: Limit, at: ColumnElement[int], project: ColumnElement[int]) -> ColumnElement[bool]:
    groups = [and_(project.in_(some), at < before) for before, some in limit.groups().items()]
    return or_(*groups, and_(project.not_in(list(limit.projects)), at < limit.default))


def _unname(due: Sequence[str], connection: Connection) -> None:
    addresses: defaultdict[str, set[str]] = defaultdict(set)
    for row in connection.execute(select(recipients).where(recipients.c.message.in_(due))):
        addresses[row.message].add(row.address)
    redact_messages(connection, addresses, metadata_of=addresses)
    connection.execute(delete(recipients).where(recipients.c.message.in_(due)))


def _delete_messages(due: Sequence[str], gone: list[int], connection: Connection) -> None:
    """Delete those that no event is left of; of the others nobody's name is left."""
    idle = (
        ~exists().where(hits.c.message == messages.c.id),
        ~exists().where(outcomes.c.message == messages.c.id),
    )
    empty = connection.execute(select(messages.c.id).where(messages.c.id.in_(due), *idle)).scalars().all()
    for table, of_message in ((links, links.c.message), (messages, messages.c.id)):
        connection.execute(delete(table).where(of_message.in_(empty)))
    gone[:] = [len(empty)]
