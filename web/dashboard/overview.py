"""The first page of a project: how its domains are, and what happened last."""

from typing import Final

from starlette.responses import Response

from domains.model import State
from events.ports import EventFilter
from web.dashboard.pages import Pages
from web.dashboard.visit import Visit

pages = Pages()

LATEST: Final = 5


@pages.get("")
def overview(visit: Visit) -> Response:
    """Count domains by state, and show the newest events."""
    project = visit.project.name
    states = visit.use.tracking_domains(project).counts()
    shown = [state for state in State if state is not State.RETIRED]
    return visit.page(
        "overview.html",
        states=[(state, states[state]) for state in shown],
        any=any(states[state] for state in shown),
        senders=visit.use.sending_domains(project).counts(),
        latest=visit.use.events().events(EventFilter(project=visit.project.id, limit=LATEST)),
    )
