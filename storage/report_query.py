"""What `waypost report` asks for: messages counted by what they have in common."""

import json
from typing import Any

from sqlalchemy import Connection, Row, Text, cast, func, select

from events.report import Tally
from storage.event_tables import messages

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
    query = select(*alike, *counts).where(own.id >= f"{max(0, after):0{_TIME_DIGITS}x}").group_by(*alike)
    query = query.order_by(own.project, own.sending_domain)
    if project is not None:
        query = query.where(own.project == project)
    return [_tally(row) for row in connection.execute(query)]


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
