"""Which events a request is about: the same parameters for all of them."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query

from events.ports import EventFilter
from web.api.callers import AllProjects, Reader
from web.api.moments import Moment

Text = Annotated[str | None, Query(max_length=4096)]


async def _about(
    caller: Reader,
    all_projects: AllProjects = False,
    message: Annotated[str | None, Query(max_length=4096, description="our id, or the Message-ID")] = None,
    sending_domain: Text = None,
    recipient: Annotated[str | None, Query(max_length=4096, description="the address")] = None,
    tag: Text = None,
    link: Annotated[str | None, Query(max_length=4096, description="its name or its URL")] = None,
    host: Annotated[str | None, Query(max_length=4096, description="the tracking domain")] = None,
    since: Annotated[Moment | None, Query(description="from then on, with its zone")] = None,
    until: Annotated[Moment | None, Query(description="before then")] = None,
) -> EventFilter:
    return EventFilter(
        project=caller.number(all_projects=all_projects),
        message=message,
        sending_domain=sending_domain,
        recipient=recipient,
        tag=tag,
        link=link,
        host=host,
        after=milliseconds(since),
        before=milliseconds(until),
    )


Wanted = Annotated[EventFilter, Depends(_about)]
"""What the parameters say, of the caller's project or of all of them."""


def of_kind(wanted: EventFilter, kind: str | None, verdict: str | None, limit: int) -> EventFilter:
    """Return the filter for a list."""
    return replace(wanted, kind=kind, verdict=verdict, limit=limit)


def milliseconds(moment: datetime | None) -> int | None:
    """Return them since 1970."""
    return None if moment is None else round(moment.timestamp() * 1000)
