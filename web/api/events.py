"""`/events`: what became of messages, who clicked and opened. Oldest first, so that programs can follow."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from events.ports import Event, EventFilter, Place
from events.verdicts import HitVerdict
from web.api.callers import Reader
from web.api.pages import Cursor, Limit, Page, cursor_of, invalid_cursor, key_of

router = APIRouter(prefix="/events", tags=["events"])

Text = Annotated[str | None, Query(max_length=4096)]
Kind = Literal["relayed", "refused", "unknown", "click", "open"]


@router.get("")
def list_all(
    caller: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    kind: Kind | None = None,
    verdict: Annotated[HitVerdict | None, Query(description="of clicks and opens")] = None,
    message: Annotated[str | None, Query(max_length=4096, description="our id, or the Message-ID")] = None,
    sending_domain: Text = None,
    recipient: Text = None,
    tag: Text = None,
    link: Annotated[str | None, Query(max_length=4096, description="its name or its URL")] = None,
    host: Annotated[str | None, Query(max_length=4096, description="the tracking domain")] = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
) -> Page[Event]:
    """List the events of a project, the oldest first; times are milliseconds since 1970."""
    wanted = EventFilter(
        project=caller.project.id,
        kind=kind,
        verdict=verdict,
        message=message,
        sending_domain=sending_domain,
        recipient=recipient,
        tag=tag,
        link=link,
        host=host,
        after=_milliseconds(since),
        before=_milliseconds(until),
    )
    beyond = None if cursor is None else _place(cursor)
    found = caller.use.events().events_beyond(replace(wanted, limit=limit + 1), beyond)
    shown = found[:limit]
    more = len(found) > limit
    return Page(data=shown, next=cursor_of(f"{shown[-1].at} {shown[-1].id}") if more else None)


def _place(cursor: str) -> Place:
    at, _, number = key_of(cursor).partition(" ")
    if not (at.isascii() and at.isdigit() and len(at) < 16):
        raise invalid_cursor()
    return int(at), number


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)
