"""*Verify now*: a page that grows while a check sees things, with a script or without."""

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Final

from starlette.responses import Response, StreamingResponse

from domains.evidence import Evidence
from domains.sighting import lines
from web.dashboard.pages import Pages
from web.dashboard.refusal import Refusal
from web.dashboard.rendering import render
from web.dashboard.visit import Visit
from web.refusals import KINDS, told

log = logging.getLogger("waypost.web")

pages = Pages()

MOST: Final = 16
"""Looks at a time. Each holds one of the forty threads in which requests are answered."""

_ROWS: Final = "<!-- rows -->"
_OUTCOME: Final = "<!-- outcome -->"
_UNBUFFERED: Final = {"X-Accel-Buffering": "no"}  # nginx would hold the rows back

Seen = Callable[[Evidence], None]

_room = threading.BoundedSemaphore(MOST)


@pages.post("/tracking-domains/{domain}/verify")
def verify(visit: Visit) -> Response:
    """Check it now, and show what is seen as it is seen, and what became of it."""
    domains = visit.use.tracking_domains(visit.project.name)
    name = domains.show(visit.domain_name).domain.name
    if not _room.acquire(blocking=False):
        raise Refusal(
            HTTPStatus.TOO_MANY_REQUESTS, "many domains are looked at just now; try again in a few seconds"
        )
    seen = watched(lambda tell: domains.verify(name, tell), _room.release)
    return StreamingResponse(_page(visit, name, seen), media_type="text/html", headers=_UNBUFFERED)


def _page(visit: Visit, name: str, seen: Iterator[Evidence]) -> Iterator[str]:
    head, rest = visit.html("verify.html", name=name).split(_ROWS)
    middle, tail = rest.split(_OUTCOME)
    yield head
    details, refusal = None, ""
    try:
        yield from _rows(seen)
        details = visit.use.tracking_domains(visit.project.name).show(name)
    except tuple(KINDS) as error:
        refusal = told(error)
    except Exception:  # the answer has begun: there is no other way to say so
        log.exception("a look at a tracking domain failed")
        refusal = "something went wrong here; the operator's log has the details"
    yield middle + render("verify_outcome.html", visit=visit, details=details, refusal=refusal) + tail


def _rows(seen: Iterator[Evidence]) -> Iterator[str]:
    said: dict[str, str] = {}
    for evidence in seen:
        for line in lines(evidence):
            if line.text and said.get(line.label) != line.text:
                said[line.label] = line.text
                yield render("verify_row.html", line=line)


def watched(look: Callable[[Seen], object], done: Callable[[], None]) -> Iterator[Evidence]:
    """Begin a look, and return what it sees, as it sees it. Reading raises what the look raises.

    It goes on to its end where nobody reads any more, and what it sees is stored all the same. `done` is
    called at its end.
    """
    seen: queue.SimpleQueue[Evidence | Exception | None] = queue.SimpleQueue()

    def run() -> None:
        try:
            look(seen.put)
            seen.put(None)
        except Exception as error:  # noqa: BLE001 - raised again where it is read
            seen.put(error)
        finally:
            done()

    threading.Thread(target=run, name="look", daemon=True).start()
    return _read(seen)


def _read(seen: "queue.SimpleQueue[Evidence | Exception | None]") -> Iterator[Evidence]:
    while (found := seen.get()) is not None:
        if isinstance(found, Exception):
            raise found
        yield found
