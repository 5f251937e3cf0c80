"""`/stats` and `/report`: events as numbers."""

import time
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from events.counting import Counts, Dimension
from events.reading import since_default, statistics
from events.report import SenderReport, by_sender
from web.api.callers import AllProjects, Reader
from web.api.event_filters import Wanted, milliseconds, of_kind
from web.api.moments import Moment
from web.api.resource import Resource

router = APIRouter(tags=["numbers"], route_class=Resource)

MOST = 1000
_DAY = 86_400_000  # milliseconds
_OF_LINKS = "a line for each of these, the most read first, days in their order; none given: one line for all"


class StatisticsOut(BaseModel):
    """Clicks and opens of people and of all. docs/events.md says what counts as a reader."""

    value: str = Field(description='of the dimension; "" where it is not known, or none was asked for')
    opens: Counts
    clicks: Counts


class StatsOut(BaseModel):
    """Numbers of a time."""

    by: Dimension | None
    since: int = Field(description="milliseconds since 1970")
    until: int | None
    data: list[StatisticsOut]


class SenderReportOut(BaseModel):
    """What became of the mail of one sending domain."""

    project: str = Field(description="its name; its number where it was removed")
    sending_domain: str
    messages: int
    rewritten: int
    observed: int = Field(description="looked at, and sent as they came")
    unchanged: int = Field(description="looked at, and nothing in them could be tracked")
    untracked: int = Field(description="not looked at")
    links: int
    pixels: int
    links_observed: int = Field(description="would have been tracked")
    pixels_observed: int
    why_untracked: dict[str, int] = Field(description="reasons of whole messages")
    left_alone: dict[str, int] = Field(description="reasons of links, parts, pixels and messages")


class ReportOut(BaseModel):
    """What was rewritten since then, and what was left alone and why; those with the most messages first."""

    since: int = Field(description="milliseconds since 1970")
    data: list[SenderReportOut]


@router.get("/stats")
def count(
    caller: Reader,
    wanted: Wanted,
    by: Annotated[Dimension | None, Query(description=_OF_LINKS)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST, description="how many lines at most")] = 50,
) -> StatsOut:
    """Count clicks and opens, of people and of all; without `since` of today and 30 days before."""
    asked = since_default(of_kind(wanted, None, None, limit), _now())
    found = statistics(caller.use.events(), by, asked)
    return StatsOut(
        by=by,
        since=asked.after or 0,
        until=asked.before,
        data=[StatisticsOut(value=each.value, opens=each.opens, clicks=each.clicks) for each in found],
    )


@router.get("/report")
def report(
    caller: Reader,
    all_projects: AllProjects = False,
    since: Annotated[Moment | None, Query(description="with its zone; none: a day ago")] = None,
) -> ReportOut:
    """Tell, by sending domain, what was rewritten, and what was left alone and why."""
    asked = milliseconds(since)
    after = _now() - _DAY if asked is None else asked
    found = by_sender(caller.use.events().tallies(after, caller.number(all_projects=all_projects)))
    names = {each.id: each.name for each in caller.use.projects().all()}
    return ReportOut(since=after, data=[_out(each, names) for each in found])


def _out(sender: SenderReport, names: Mapping[int, str]) -> SenderReportOut:
    return SenderReportOut(
        project=names.get(sender.project, str(sender.project)),
        sending_domain=sender.sending_domain,
        messages=sender.messages,
        rewritten=sender.rewritten,
        observed=sender.observed,
        unchanged=sender.unchanged,
        untracked=sender.untracked,
        links=sender.links,
        pixels=sender.pixels,
        links_observed=sender.links_observed,
        pixels_observed=sender.pixels_observed,
        why_untracked=dict(sender.why_untracked.most_common()),
        left_alone=dict(sender.left_alone.most_common()),
    )


def _now() -> int:
    return time.time_ns() // 1_000_000
