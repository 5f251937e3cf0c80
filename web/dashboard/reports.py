"""Opens and clicks as numbers: over time, and by what they are of; people and robots apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.responses import Response

from events.asking import Unclear
from events.counting import Counts, Dimension, Statistics
from events.ports import EventFilter, EventStore
from web.dashboard import charts
from web.dashboard.forms import Form
from web.dashboard.pages import Pages
from web.dashboard.spans import DAYS, LONGEST, Span, span
from web.dashboard.visit import Visit

pages = Pages()

BY: Final = {
    Dimension.LINK: "link",
    Dimension.DOMAIN: "tracking domain",
    Dimension.SENDER: "sending domain",
    Dimension.TAG: "tag",
}
MOST: Final = 50
"""Lines of the table below."""

_FIELDS: Final = ("days", "from", "to", "by", "sending_domain", "tag")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The numbers of a span. `copies` is to how many recipients the upstream took messages in it."""

    span: Span
    days: Mapping[date, Statistics]  # all of them
    copies: int
    opens: Counts
    clicks: Counts


@pages.get("/reports")
def reports(visit: Visit) -> Response:
    """Show them for the span and the filters of the address."""
    try:
        chosen, by = span(visit.query, visit.now), _dimension(visit.query.get("by", Dimension.LINK))
    except Unclear as error:
        refused = replace(visit, refusal=str(error))
        return _page(refused, report=None, by=Dimension.LINK)
    wanted = EventFilter(
        project=visit.project.id,
        sending_domain=visit.query.get("sending_domain").strip() or None,
        tag=visit.query.get("tag").strip() or None,
        after=chosen.start,
        before=chosen.end,
    )
    store = visit.use.events()
    report = _report(store, wanted, chosen)
    parts = store.statistics(by, replace(wanted, limit=MOST + 1))
    return _page(visit, report=report, by=by, parts=parts[:MOST], more=len(parts) > MOST)


def _report(store: EventStore, wanted: EventFilter, chosen: Span) -> Report:
    found = store.statistics(Dimension.DAY, replace(wanted, limit=LONGEST))
    by_day = {each.value: each for each in found}
    days = {day: by_day.get(f"{day}", Statistics(value=f"{day}")) for day in chosen.days()}
    return Report(
        span=chosen,
        days=days,
        copies=store.copies(wanted),
        # A reader counts once, in the day of his first: so the days add up [docs/events.md].
        opens=sum((each.opens for each in days.values()), Counts()),
        clicks=sum((each.clicks for each in days.values()), Counts()),
    )


def _page(
    visit: Visit,
    *,
    report: Report | None,
    by: Dimension,
    parts: Sequence[Statistics] = (),
    more: bool = False,
) -> Response:
    return visit.page(
        "reports.html",
        report=report,
        charts=[] if report is None else _charts(report),
        by=by,
        dimensions=[(each.value, words) for each, words in BY.items()],
        words=BY[by],
        parts=parts,
        more=more,
        most=MOST,
        spans=[(days, _address(visit, days)) for days in DAYS],
        rate=rate,
    )


def _charts(report: Report) -> list[tuple[str, Markup]]:
    """Return them with their headings; none for a single day, since a line needs two."""
    if len(report.days) < 2:
        return []
    return [
        ("Opens a day", _chart(report, "opens", "people who opened")),
        ("Clicks a day", _chart(report, "clicks", "people who clicked")),
    ]


def _chart(report: Report, kind: str, people: str) -> Markup:
    counted: dict[date, Counts] = {day: getattr(each, kind) for day, each in report.days.items()}
    return charts.lines(
        kind,
        f"{kind.capitalize()} a day, from {report.span.first} to {report.span.last}",
        {
            people: {day: counts.readers for day, counts in counted.items()},
            f"all {kind}, robots too": {day: counts.all for day, counts in counted.items()},
        },
    )


def rate(part: int, whole: int) -> str:
    """Return how much of the whole, in per cent; a dash of nothing."""
    return f"{part / whole:.1%}" if whole else "–"


def _dimension(text: str) -> Dimension:
    """Raises `Unclear`."""
    found = next((each for each in BY if each == text), None)
    if found is None:
        raise Unclear(f"{text!r} is none of {', '.join(BY)}")
    return found


def _address(visit: Visit, days: int) -> str:
    asked = {**_asked(visit.query), "days": str(days)}
    kept = {name: text for name, text in asked.items() if name not in ("from", "to")}
    return f"{visit.at('reports')}?{urlencode(kept)}"


def _asked(query: Form) -> dict[str, str]:
    return {name: query.get(name) for name in _FIELDS if query.get(name)}
