"""What reports ask for: messages counted by what they have in common, and copies that were sent."""

import json
from typing import Any

from sqlalchemy import Connection, Row, Text, cast, exists, func, select

from events.model import Verdict
from events.ports import EventFilter
from events.report import Tally
from storage.event_filter import has_tag
from storage.event_tables import messages, outcomes, recipients

_TIME_DIGITS = 12  # of a message's id, which begins with its time


def tallies(connection: Connection, after: int, project: int | None) -> list[Tally]:
    """Count messages since `after` (milliseconds), along the index on their ids."""
    own = messages.c
    alike = (
        own.project,
        own.sending_domain,
        own.mode,
        (own.key > 0).label("rewritten"),
        own.pixel,
        own.untracked,
        cast(own.left_alone, Text).label("left_alone"),  # PostgreSQL compares no JSON
    )
    counts = func.count().label("messages"), func.sum(own.link_count).label("links")
    query = select(*alike, *counts).where(own.id >= _id_of(after)).group_by(*alike)
    query = query.order_by(own.project, own.sending_domain)
    if project is not None:
        query = query.where(own.project == project)
    return [_tally(row) for row in connection.execute(query)]


def copies(connection: Connection, wanted: EventFilter) -> int:
    """Count recipients of messages that the upstream took; where none is written down, a message is one."""
    own = messages.c
    taken = exists().where(outcomes.c.message == own.id, outcomes.c.verdict == Verdict.RELAYED)
    source = messages.outerjoin(recipients, recipients.c.message == own.id)
    query = select(func.count()).select_from(source).where(taken)
    if wanted.after is not None:
        query = query.where(own.id >= _id_of(wanted.after))
    if wanted.before is not None:
        query = query.where(own.id < _id_of(wanted.before))
    same = {own.project: wanted.project, own.sending_domain: wanted.sending_domain}
    query = query.where(*(column == value for column, value in same.items() if value is not None))
    if wanted.tag is not None:
        query = query.where(has_tag(cast(own.tags, Text), wanted.tag))
    return connection.execute(query).scalar_one()


def _id_of(moment: int) -> str:
    """Return what the ids of messages of a time begin with."""
    return f"{max(0, moment):0{_TIME_DIGITS}x}"


def _tally(row: Row[Any]) -> Tally:
    return Tally(
        project=row.project,
        sending_domain=row.sending_domain,
        mode=row.mode,
        rewritten=bool(row.rewritten),
        pixel=row.pixel,
        untracked=row.untracked,
        left_alone=json.loads(row.left_alone),
        messages=row.messages,
        links=int(row.links),
    )
