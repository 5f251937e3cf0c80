"""What shows one message asks for."""

from dataclasses import fields
from typing import Any, Final

from sqlalchemy import Connection, func, select

from events.message_view import AlikeHits, MessageView
from events.model import MessageRecord, Outcome, Recipient, TrackedLink, Verdict
from links.recipients import RecipientTracking
from storage.event_tables import hits, links, messages, outcomes, recipients

_OWN: Final = [field.name for field in fields(MessageRecord) if field.name in messages.c]


def message_view(connection: Connection, project: int, message: str) -> MessageView | None:
    """Return a message of a project with all that became of it."""
    query = select(messages).where(messages.c.id == message, messages.c.project == project)
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    own: dict[str, Any] = {name: row[name] for name in _OWN}
    own |= {name: tuple(own[name]) for name in ("tags", "problems")}
    record = MessageRecord(
        **own | {"recipient_tracking": RecipientTracking(row["recipient_tracking"])},
        recipients=_recipients(connection, message),
        links=_links(connection, message),
    )
    return MessageView(
        record=record, outcomes=_outcomes(connection, message), hits=_hits(connection, message)
    )


def _recipients(connection: Connection, message: str) -> tuple[Recipient, ...]:
    own = recipients.c
    query = select(own.address, own.reference).where(own.message == message).order_by(own.position)
    return tuple(Recipient(address=row.address, reference=row.reference) for row in connection.execute(query))


def _links(connection: Connection, message: str) -> tuple[TrackedLink, ...]:
    own = links.c
    query = select(own.number, own.url, own.name, own.tags).where(own.message == message).order_by(own.number)
    return tuple(
        TrackedLink(number=row.number, url=row.url, name=row.name, tags=tuple(row.tags))
        for row in connection.execute(query)
    )


def _outcomes(connection: Connection, message: str) -> tuple[Outcome, ...]:
    own = outcomes.c
    query = select(outcomes).where(own.message == message).order_by(own.at, own.id)
    return tuple(
        Outcome(
            id=row.id,
            message=row.message,
            at=row.at,
            verdict=Verdict(row.verdict),
            code=row.code,
            reply=row.reply,
        )
        for row in connection.execute(query)
    )


def _hits(connection: Connection, message: str) -> tuple[AlikeHits, ...]:
    own = hits.c
    alike = own.kind, own.link, own.verdict, own.reasons
    query = select(*alike, func.count().label("hits")).where(own.message == message).group_by(*alike)
    return tuple(
        AlikeHits(
            kind=row.kind,
            link=row.link,
            verdict=row.verdict,
            reasons=tuple(filter(None, row.reasons.split(","))),
            hits=row.hits,
        )
        for row in connection.execute(query.order_by(*alike))
    )
