"""`/events`: what became of messages, who clicked and opened."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from events.ports import Event, EventFilter, Place
from events.verdicts import HitVerdict
from web.api.callers import Reader
from web.api.event_filters import Wanted, of_kind
from web.api.pages import Cursor, Limit, Page, cursor_of, invalid_cursor, key_of
from web.api.resource import Resource
from web.ports import UseCases

router = APIRouter(prefix="/events", tags=["events"], route_class=Resource)

Kind = Literal["relayed", "refused", "unknown", "click", "open"]
Order = Literal["oldest", "newest"]


@router.get("")
def list_all(
    caller: Reader,
    wanted: Wanted,
    limit: Limit = 50,
    cursor: Cursor = None,
    kind: Kind | None = None,
    verdict: Annotated[HitVerdict | None, Query(description="of clicks and opens")] = None,
    order: Annotated[
        Order, Query(description="what comes first; programs that follow ask for oldest")
    ] = "oldest",
) -> Page[Event]:
    """List the events of a project; times are milliseconds since 1970."""
    return page(caller.use, of_kind(wanted, kind, verdict, limit), cursor, newest=order == "newest")


def page(use: UseCases, wanted: EventFilter, cursor: str | None, *, newest: bool = False) -> Page[Event]:
    """Return as many events as the filter's limit says."""
    events, beyond = use.events(), None if cursor is None else _place(cursor)
    asked = of_kind(wanted, wanted.kind, wanted.verdict, wanted.limit + 1)
    found = events.events(asked, beyond) if newest else events.events_beyond(asked, beyond)
    shown = found[: wanted.limit]
    more = len(found) > wanted.limit
    return Page(data=shown, next=cursor_of(f"{shown[-1].at} {shown[-1].id}") if more else None)


def _place(cursor: str) -> Place:
    at, _, number = key_of(cursor).partition(" ")
    if not (at.isascii() and at.isdigit() and len(at) < 16):
        raise invalid_cursor()
    return int(at), number
