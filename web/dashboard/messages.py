"""What became of one message, and who asked for what is in it."""

from http import HTTPStatus
from typing import Final

from starlette.responses import Response

from events.ports import EventFilter
from web.dashboard.pages import Pages
from web.dashboard.refusal import Refusal
from web.dashboard.visit import Visit

pages = Pages()

TIMELINE: Final = 100
"""Events on the page; the list of events has the others."""


@pages.get("/messages/{message}")
def message(visit: Visit) -> Response:
    """Show it."""
    store, number = visit.use.events(), visit.path["message"]
    view = store.message(visit.project.id, number)
    if view is None:
        raise Refusal(
            HTTPStatus.NOT_FOUND, "no such message is here; it may not have come yet, or be deleted by now"
        )
    wanted = EventFilter(project=visit.project.id, message=number, limit=TIMELINE + 1)
    found = store.events(wanted)
    return visit.page(
        "message.html",
        view=view,
        record=view.record,
        events=found[:TIMELINE],
        more=len(found) > TIMELINE,
    )
