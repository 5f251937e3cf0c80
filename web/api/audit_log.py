"""`/audit-log`: who changed what. Its entries are never changed or removed."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from accounts.audit import Action, AuditEntry, AuditFilter
from web.api.callers import Admin, AllProjects
from web.api.moments import Moment
from web.api.pages import Cursor, Limit, Page, number_of
from web.api.resource import Resource

router = APIRouter(prefix="/audit-log", tags=["audit log"], route_class=Resource)


class AuditEntryOut(BaseModel):
    """A change. Secrets are never in it."""

    id: int
    at: datetime
    actor: str
    project: str | None = Field(description="its name; null where it was removed, or it is of all projects")
    action: Action
    kind: str
    name: str
    before: dict[str, Any]
    after: dict[str, Any]


@router.get("")
def list_all(
    caller: Admin,
    all_projects: AllProjects = False,
    limit: Limit = 50,
    cursor: Cursor = None,
    since: Annotated[Moment | None, Query(description="from then on, with its zone")] = None,
) -> Page[AuditEntryOut]:
    """List what was changed in a project, or in all and in what they share, the newest first."""
    project = caller.number(all_projects=all_projects)
    wanted = AuditFilter(project=project, since=since, before=number_of(cursor), limit=limit + 1)
    found = caller.use.audit_log().entries(wanted)
    shown = found[:limit]
    more = len(found) > limit
    return Page(data=[_out(each) for each in shown], next=str(shown[-1].id) if more else None)


def _out(entry: AuditEntry) -> AuditEntryOut:
    change = entry.change
    return AuditEntryOut(
        id=entry.id,
        at=entry.at,
        actor=entry.actor,
        project=entry.project_name,
        action=change.action,
        kind=change.kind,
        name=change.name,
        before=dict(change.before),
        after=dict(change.after),
    )
