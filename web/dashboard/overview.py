"""The first page of a project: how its domains are."""

from starlette.responses import Response

from domains.model import State
from web.dashboard.pages import Pages
from web.dashboard.visit import Visit

pages = Pages()


@pages.get("")
def overview(visit: Visit) -> Response:
    """Count them by state."""
    project = visit.project.name
    states = visit.use.tracking_domains(project).counts()
    shown = [state for state in State if state is not State.RETIRED]
    return visit.page(
        "overview.html",
        states=[(state, states[state]) for state in shown],
        any=any(states[state] for state in shown),
        senders=visit.use.sending_domains(project).counts(),
    )
