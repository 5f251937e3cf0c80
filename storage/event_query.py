"""What shows events asks for: hits and outcomes, joined with what their message says, by time."""

from collections.abc import Callable, Mapping
from operator import gt, lt
from typing import Any

from sqlalchemy import Connection, FromClause, Row, Select, Table, exists, func, select, tuple_

from events.ports import Event, EventFilter, Place
from links.recipients import RecipientTracking
from storage.event_filter import LINK, PERSON, concerns, conditions
from storage.event_tables import hits, links, messages, outcomes, recipients


def newest(connection: Connection, wanted: EventFilter, beyond: Place | None = None) -> list[Event]:
    """Return the newest events before a place that the filter wants, the newest first."""
    found = _found(connection, wanted, lambda table: (table.c.at.desc(), table.c.id.desc()), beyond, lt)
    found.sort(key=_place, reverse=True)
    return found[: wanted.limit]


def oldest(connection: Connection, wanted: EventFilter, beyond: Place | None) -> list[Event]:
    """Return the oldest events beyond a place that the filter wants, the oldest first."""
    found = _found(connection, wanted, lambda table: (table.c.at, table.c.id), beyond, gt)
    found.sort(key=_place)
    return found[: wanted.limit]


def by_ids(connection: Connection, of_hits: Mapping[str, int], of_outcomes: Mapping[str, int]) -> list[Event]:
    """Return the events with these ids, which happened at these times, as far as they are still there."""
    found: list[Event] = []
    if of_hits:
        found += map(_hit, connection.execute(_hits().where(*_among(hits, of_hits))))
    if of_outcomes:
        found += map(_outcome, connection.execute(_outcomes().where(*_among(outcomes, of_outcomes))))
    return found


def _among(table: Table, times: Mapping[str, int]) -> tuple[Any, ...]:
    """Return what holds for these ids; the time says in which partitions they are."""
    return table.c.id.in_(times), table.c.at.between(min(times.values()), max(times.values()))


def _found(
    connection: Connection,
    wanted: EventFilter,
    order: Callable[[Table], tuple[Any, ...]],
    beyond: Place | None,
    further: Callable[[Any, Any], Any],
) -> list[Event]:
    """Two queries, each along its table's index on time; a UNION of the two would be sorted whole."""
    found: list[Event] = []
    for query, table, event in ((_hits(), hits, _hit), (_outcomes(), outcomes, _outcome)):
        if not concerns(table, wanted):
            continue
        query = query.where(*conditions(table, wanted)).order_by(*order(table)).limit(wanted.limit)
        if beyond is not None:
            query = query.where(further(tuple_(table.c.at, table.c.id), tuple_(*beyond)))
        found += [event(row) for row in connection.execute(query)]
    return found


def _place(event: Event) -> Place:
    return event.at, event.id


def _hits() -> Select[Any]:
    return select(
        *hits.columns,
        *_of_message(),
        func.coalesce(recipients.c.address, "").label("person"),
        func.coalesce(links.c.name, "").label("link_name"),
        links.c.tags.label("link_tags"),
    ).select_from(_with_message(hits).outerjoin(recipients, PERSON).outerjoin(links, LINK))


def _outcomes() -> Select[Any]:
    # Not joined: for a join SQLite reads all recipients first, to make a Bloom filter of them.
    person = select(recipients.c.address).where(
        recipients.c.message == outcomes.c.message, recipients.c.position == 0
    )
    other = recipients.alias("other")
    shared = exists().where(other.c.message == outcomes.c.message, other.c.position == 1)
    return select(
        *outcomes.columns,
        *_of_message(),
        func.coalesce(person.scalar_subquery(), "").label("person"),
        shared.label("shared_copy"),
    ).select_from(_with_message(outcomes))


def _of_message() -> list[Any]:
    """Columns of a message, empty where its record has not arrived."""
    columns = (
        messages.c.message_id,
        messages.c.sender,
        messages.c.sending_domain,
        messages.c.recipient_tracking,
    )
    texts = [func.coalesce(column, "").label(column.name) for column in columns]
    return [*texts, messages.c.tags, messages.c.metadata]


def _with_message(table: Table) -> FromClause:
    return table.outerjoin(messages, messages.c.id == table.c.message)


def _hit(row: Row[Any]) -> Event:
    return Event(
        id=row.id,
        kind=row.kind,
        at=row.at,
        message=row.message,
        message_id=row.message_id,
        sender=row.sender,
        sending_domain=row.sending_domain,
        recipient=row.person,
        shared_copy=row.recipient is None and row.recipient_tracking != RecipientTracking.NONE,
        link=row.link,
        link_name=row.link_name,
        link_tags=tuple(row.link_tags or ()),
        tags=tuple(row.tags or ()),
        metadata=row.metadata or {},
        url=row.url,
        host=row.host,
        address=row.address,
        user_agent=row.user_agent,
        method=row.method,
        purpose=row.purpose,
        verdict=row.verdict,
        reasons=tuple(filter(None, row.reasons.split(","))),
        rules=row.rules,
        reply="",
    )


def _outcome(row: Row[Any]) -> Event:
    return Event(
        id=row.id,
        kind=row.verdict,
        at=row.at,
        message=row.message,
        message_id=row.message_id,
        sender=row.sender,
        sending_domain=row.sending_domain,
        recipient="" if row.shared_copy else row.person,
        shared_copy=row.shared_copy,
        link=0,
        link_name="",
        link_tags=(),
        tags=tuple(row.tags or ()),
        metadata=row.metadata or {},
        url="",
        host="",
        address="",
        user_agent="",
        method="",
        purpose="",
        verdict="",
        reasons=(),
        rules=0,
        reply=row.reply,
    )
