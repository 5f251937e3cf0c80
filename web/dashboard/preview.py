"""What would become of a message that is pasted or uploaded. Nothing of it is kept, sent or logged."""

from http import HTTPStatus
from typing import Final

from starlette.responses import Response

from accounts.actors import Scope
from web.dashboard.changed_places import places
from web.dashboard.pages import Pages
from web.dashboard.refusal import Refusal
from web.dashboard.visit import Visit

pages = Pages()

MOST: Final = 25 * 1024 * 1024  # octets of the message
PLACES: Final = 100
LINKS: Final = 500
"""So many are shown of each."""

_FORM: Final = 64 * 1024  # octets around the message
_SHOWN_AGAIN: Final = 100_000  # characters


@pages.get("/preview")
def preview(visit: Visit) -> Response:
    """Ask for a message."""
    pasted = visit.form.get("message")
    return visit.page("preview.html", pasted=pasted if len(pasted) <= _SHOWN_AGAIN else "", found=None)


@pages.post("/preview", Scope.READ, again=preview, most=MOST + _FORM)
def look(visit: Visit) -> Response:
    """Show it; who may read may look, for nothing changes."""
    pasted = visit.form.get("message")
    message = visit.form.file("file") or pasted.encode()
    if not message.strip():
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "paste a message, or choose a file")
    if len(message) > MOST:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "the message is too long; 25 MiB is the most")
    found = visit.use.preview(
        visit.project.name,
        message,
        base=visit.form.get("on").strip() or None,
        sender=visit.form.get("sender").strip() or None,
    )
    result = found.result
    return visit.page(
        "preview.html",
        pasted=pasted if len(pasted) <= _SHOWN_AGAIN else "",
        found=found,
        report=result.report,
        tracked=sum(link.reason is None for link in result.report.links),
        links=result.report.links[:LINKS],
        left=[part for part in result.report.parts if part.reason],
        places=list(places(found.original, result.edits, PLACES)),
        changes=len(result.edits),
        before=len(found.original),
        after=len(result.message),
    )
