"""What `events list` asks for: hits and outcomes, joined with what their message says, newest first."""

from typing import Any

from sqlalchemy import Connection, FromClause, Row, Select, Table, and_, exists, func, or_, select

from events.model import HitKind, Verdict
from events.ports import Event, EventFilter
from storage.event_tables import hits, links, messages, outcomes, recipients


def newest(connection: Connection, wanted: EventFilter) -> list[Event]:
    """Return the newest events that the filter wants.

    Two queries, each along its table's index on time; a UNION of the two would be sorted whole.
    """
    found: list[Event] = []
    if wanted.kind is None or wanted.kind in set(HitKind):
        found += [_hit(row) for row in connection.execute(_filtered(_hits(), hits, hits.c.kind, wanted))]
    if wanted.kind is None or wanted.kind in set(Verdict):
        relaying = _filtered(_outcomes(), outcomes, outcomes.c.verdict, wanted)
        found += [_outcome(row) for row in connection.execute(relaying)]
    found.sort(key=lambda event: (event.at, event.id), reverse=True)
    return found[: wanted.limit]


def _hits() -> Select[Any]:
    person = and_(recipients.c.message == hits.c.message, recipients.c.reference == hits.c.recipient)
    link = and_(links.c.message == hits.c.message, links.c.number == hits.c.link)
    return select(
        *hits.columns,
        *_of_message(),
        func.coalesce(recipients.c.address, "").label("person"),
        func.coalesce(links.c.name, "").label("link_name"),
        links.c.tags.label("link_tags"),
    ).select_from(_with_message(hits).outerjoin(recipients, person).outerjoin(links, link))


def _outcomes() -> Select[Any]:
    first = and_(recipients.c.message == outcomes.c.message, recipients.c.position == 0)
    other = recipients.alias("other")
    shared = exists().where(other.c.message == outcomes.c.message, other.c.position == 1)
    return select(
        *outcomes.columns,
        *_of_message(),
        func.coalesce(recipients.c.address, "").label("person"),
        shared.label("shared_copy"),
    ).select_from(_with_message(outcomes).outerjoin(recipients, first))


def _of_message() -> list[Any]:
    """Columns of a message, empty where its record has not arrived."""
    columns = (messages.c.message_id, messages.c.sender, messages.c.sending_domain)
    texts = [func.coalesce(column, "").label(column.name) for column in columns]
    return [*texts, messages.c.tags, messages.c.metadata]


def _with_message(table: Table) -> FromClause:
    return table.outerjoin(messages, messages.c.id == table.c.message)


def _filtered(query: Select[Any], table: Table, kind: Any, wanted: EventFilter) -> Select[Any]:
    if wanted.kind is not None:
        query = query.where(kind == wanted.kind)
    if wanted.message is not None:
        bare = wanted.message.removeprefix("<").removesuffix(">")
        with_header = select(messages.c.id).where(messages.c.message_id.in_([bare, f"<{bare}>"]))
        query = query.where(or_(table.c.message == wanted.message, table.c.message.in_(with_header)))
    if wanted.sending_domain is not None:
        query = query.where(messages.c.sending_domain == wanted.sending_domain)
    if wanted.project is not None:
        # A hit knows its project itself, before the record of its message has arrived.
        owned = table if "project" in table.c else messages
        query = query.where(owned.c.project == wanted.project)
    if wanted.after is not None:
        query = query.where(table.c.at >= wanted.after)
    if wanted.before is not None:
        query = query.where(table.c.at < wanted.before)
    return query.order_by(table.c.at.desc(), table.c.id.desc()).limit(wanted.limit)


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
        shared_copy=row.recipient is None,
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
