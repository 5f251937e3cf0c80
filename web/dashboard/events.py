"""The events of a project, the newest first."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from events import asking
from events.model import HitKind, Verdict
from events.ports import Event, EventFilter
from events.verdicts import HitVerdict
from web.dashboard.forms import Form
from web.dashboard.pages import Pages
from web.dashboard.visit import Visit

pages = Pages()

PAGE: Final = 50
KINDS: Final = (*Verdict, *HitKind)
_TEXTS: Final = ("message", "sending_domain", "recipient", "tag", "link", "host")
_FIELDS: Final = ("kind", "verdict", *_TEXTS, "since", "until")


@pages.get("/events")
def events(visit: Visit) -> Response:
    """List those that the filters of the address want."""
    try:
        wanted = event_filter(visit.query, visit.project.id, visit.now)
        beyond = asking.place(visit.query["beyond"]) if visit.query.get("beyond") else None
    except asking.Unclear as error:
        return _page(replace(visit, refusal=str(error)))
    found = visit.use.events().events(replace(wanted, limit=PAGE + 1), beyond)
    shown = found[:PAGE]
    if len(found) == len(shown):
        return _page(visit, events=shown)
    last = shown[-1]
    older = {**_asked(visit.query), "beyond": asking.as_typed((last.at, last.id))}
    return _page(visit, events=shown, older=f"{visit.at('events')}?{urlencode(older)}")


def event_filter(asked: Form, project: int, now: int) -> EventFilter:
    """Return what the fields want. Raises `asking.Unclear`."""
    texts: dict[str, Any] = {name: asked.get(name).strip() or None for name in _TEXTS}
    return EventFilter(
        project=project,
        kind=_one_of(KINDS, asked.get("kind")),
        verdict=_one_of(tuple(HitVerdict), asked.get("verdict")),
        after=_moment(asked.get("since"), now),
        before=_moment(asked.get("until"), now),
        **texts,
    )


def _page(visit: Visit, *, events: Sequence[Event] = (), older: str = "") -> Response:
    return visit.page(
        "events.html",
        kinds=_choices(KINDS),
        verdicts=_choices(tuple(HitVerdict)),
        filtered=bool(_asked(visit.query)),
        events=events,
        older=older,
    )


def _choices(values: tuple[str, ...]) -> list[tuple[str, str]]:
    return [("", "all"), *((value, value) for value in values)]


def _asked(query: Form) -> dict[str, str]:
    return {name: query.get(name) for name in _FIELDS if query.get(name)}


def _one_of(values: tuple[str, ...], text: str) -> str | None:
    """Raises `asking.Unclear`."""
    if text and text not in values:
        raise asking.Unclear(f"{text!r} is none of {', '.join(values)}")
    return text or None


def _moment(text: str, now: int) -> int | None:
    return asking.moment(text, now) if text.strip() else None
