"""Who changed what. Entries are never changed or removed."""

import json
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from accounts.actors import Scope
from accounts.audit import AuditFilter
from web.dashboard.pages import Pages
from web.dashboard.visit import Visit

pages = Pages()

PAGE: Final = 50


@pages.get("/audit", Scope.ADMIN)
def entries(visit: Visit) -> Response:
    """List the entries of the project, or of the whole installation, the newest first."""
    everything = visit.query.flag("all")
    if everything:
        visit.require_everywhere()
    project = None if everything else visit.project.id
    before = visit.query.number("before")
    found = visit.use.audit_log().entries(AuditFilter(project=project, before=before, limit=PAGE + 1))
    shown = found[:PAGE]
    older = ({"all": "yes"} if everything else {}) | {"before": shown[-1].id} if len(found) > PAGE else {}
    return visit.page(
        "audit.html",
        entries=shown,
        everything=everything,
        told=_told,
        more=f"{visit.at('audit')}?{urlencode(older)}" if older else "",
    )


def _told(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
