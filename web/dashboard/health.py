"""How the installation is, as `waypost check` sees it: for those who act for all of it."""

from datetime import UTC, datetime
from typing import Final

from starlette.responses import Response

from web.dashboard.addresses import url
from web.dashboard.pages import Pages
from web.dashboard.visit import Visit

pages = Pages()

LEVELS: Final = (
    ("fail", "Mail or clicks are kept from working"),
    ("warn", "Good to know of"),
    ("ok", "In order"),
)


@pages.get("/health", installation=True)
def health(visit: Visit) -> Response:
    """Show what was found up to a minute ago; else look, which takes seconds."""
    if visit.query.flag("again"):
        visit.use.checkup(again=True)
        return visit.go_to(url("health"))  # so that a reload does not look once more
    found = visit.use.checkup()
    if found is None:
        return visit.page("health.html", found=None)
    now = datetime.fromtimestamp(visit.now / 1000, UTC)
    groups = [
        (level, words, [each for each in found.findings if each.level == level]) for level, words in LEVELS
    ]
    return visit.page(
        "health.html",
        found=found,
        age=max(0, round((now - found.at).total_seconds())),
        groups=[group for group in groups if group[2]],
    )
