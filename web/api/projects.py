"""`/projects`. A key of one project sees that one; only keys for the whole installation change them."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, cast

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from accounts.errors import NotFound
from accounts.model import Project
from accounts.privacy import MOST_DAYS, PrivacySettings
from accounts.projects import ProjectDetails, ProjectSettings
from connections.address_precision import AddressPrecision
from links.recipients import RecipientTracking
from rewriter.policy import Mode
from web.api import PREFIX
from web.api.bodies import Body
from web.api.callers import Caller, Operator, Reader
from web.api.pages import Cursor, Limit, Page, page_of, page_read
from web.api.resource import Resource

router = APIRouter(prefix="/projects", tags=["projects"], route_class=Resource)

Address = Annotated[str, Path(max_length=64, description="its name", examples=["shop"])]


Days = Annotated[int, Field(ge=0, le=MOST_DAYS)] | None
Networks = list[Annotated[str, Field(max_length=100)]]


class ProjectIn(Body):
    """A project to add."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "shop"}]})

    name: str = Field(max_length=64, description="short; it stands in links and never changes")


class Privacy(Body):
    """What is kept of people, and for how many days (0: for ever); null: what the settings say."""

    recipients: Annotated[RecipientTracking, Field(strict=False)] | None = Field(
        default=None, description="whether a click is a person's"
    )
    client_addresses: Annotated[AddressPrecision, Field(strict=False)] | None = Field(
        default=None, description="how much of its readers' addresses is kept"
    )
    message_days: Days = Field(default=None, description="what names recipients")
    event_days: Days = Field(default=None, description="clicks, opens, outcomes")


class ProjectChange(Body):
    """What to change; what is left out stays, null goes back to the settings."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"tracking": "observe"}, {"privacy": {"event_days": 90}}]}
    )

    tracking: Annotated[Mode, Field(strict=False)] | None = None
    unknown_senders: bool | None = None
    upstream: str | None = Field(default=None, max_length=200, description="an [upstreams.NAME]")
    privacy: Privacy = Field(default=Privacy(), description="what is named changes")
    add_networks: Networks = Field(default=[], max_length=100)
    remove_networks: Networks = Field(default=[], max_length=100)


class ProjectOut(BaseModel):
    """A project."""

    id: int
    name: str
    tracking: Mode | None
    unknown_senders: bool | None
    upstream: str | None
    privacy: Privacy
    networks: list[str]
    created_at: datetime


class ProjectDetailsOut(ProjectOut):
    """With what it owns."""

    tracking_domains: list[str]
    sending_domains: list[str]
    credentials: list[str]


@router.post("", status_code=201, responses={409: {}})
def add(caller: Operator, body: ProjectIn, response: Response) -> ProjectOut:
    """Add a project."""
    added = caller.use.projects().add(body.name)
    response.headers["Location"] = f"{PREFIX}/projects/{added.name}"
    return _out(added)


@router.get("")
def list_all(caller: Reader, limit: Limit = 50, cursor: Cursor = None) -> Page[ProjectOut]:
    """List the projects that the key may see."""
    if caller.actor.project is not None:
        return page_of([caller.project], key=lambda each: each.name, show=_out, cursor=cursor, limit=limit)
    projects = caller.use.projects()
    return page_read(
        lambda behind, most: projects.page(behind=behind, limit=most),
        key=lambda each: each.name,
        show=_out,
        cursor=cursor,
        limit=limit,
    )


@router.get("/{name}")
def show(caller: Reader, name: Address) -> ProjectDetailsOut:
    """Show a project and what it owns."""
    details = caller.use.projects().show(name)
    if not _visible(caller, details.project):
        raise NotFound(f"no project is called {name!r}; the list shows them")
    return _details(details)


@router.patch("/{name}", responses={409: {}})
def change(caller: Operator, name: Address, body: ProjectChange) -> ProjectDetailsOut:
    """Change a project."""
    wanted, settings = body.model_fields_set, ProjectSettings()
    if "tracking" in wanted:
        settings["tracking"] = body.tracking
    if "unknown_senders" in wanted:
        settings["unknown_senders"] = body.unknown_senders
    if "upstream" in wanted:
        settings["upstream"] = body.upstream
    projects = caller.use.projects()
    projects.change(
        name,
        settings,
        privacy=cast(PrivacySettings, body.privacy.model_dump(exclude_unset=True)),
        add_networks=body.add_networks,
        remove_networks=body.remove_networks,
    )
    return _details(projects.show(name))


@router.delete("/{name}", status_code=204, responses={409: {}})
def remove(caller: Operator, name: Address) -> None:
    """Remove a project that owns nothing any more. Links in mail already sent live on."""
    caller.use.projects().remove(name)


def _visible(caller: Caller, project: Project) -> bool:
    return caller.actor.project is None or caller.actor.project == project.id


def _details(details: ProjectDetails) -> ProjectDetailsOut:
    owned = details.holdings
    return ProjectDetailsOut(
        **_out(details.project).model_dump(),
        tracking_domains=list(owned.tracking_domains),
        sending_domains=list(owned.sending_domains),
        credentials=list(owned.credentials),
    )


def _out(project: Project) -> ProjectOut:
    return ProjectOut(
        id=project.id,
        name=project.name,
        tracking=project.tracking,
        unknown_senders=project.unknown_senders,
        upstream=project.upstream,
        privacy=Privacy(**asdict(project.privacy)),
        networks=[str(each) for each in project.networks],
        created_at=project.created_at,
    )
