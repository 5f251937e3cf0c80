"""`/routes`: named sets of tracking switches of a project."""

from datetime import datetime
from typing import Annotated, cast

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from accounts.model import Route
from accounts.routes import Routes, Switches
from web.api import PREFIX
from web.api.bodies import Body
from web.api.callers import Caller, Reader, Writer
from web.api.pages import Cursor, Limit, Page, page_of
from web.api.resource import Resource

router = APIRouter(prefix="/routes", tags=["routes"], route_class=Resource)

Address = Annotated[str, Path(max_length=64, description="its name", examples=["invoices"])]


class RouteChange(Body):
    """Switches; what is left out stays, null leaves it to what comes after the route."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": True}]})

    clicks: bool | None = Field(default=None, description="links in HTML")
    opens: bool | None = Field(default=None, description="the open pixel")
    text: bool | None = Field(default=None, description="links in plain text")


class RouteIn(RouteChange):
    """A route to add."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "invoices", "clicks": False}]})

    name: str = Field(max_length=64)


class RouteOut(BaseModel):
    """A route."""

    name: str
    clicks: bool | None
    opens: bool | None
    text: bool | None
    created_at: datetime


class RouteRemovalOut(BaseModel):
    """A removed route, and the credentials that have none now."""

    name: str
    credentials: list[str]


@router.post("", status_code=201, responses={409: {}})
def add(caller: Writer, body: RouteIn, response: Response) -> RouteOut:
    """Add a route."""
    added = _routes(caller).add(body.name, _switches(body))
    response.headers["Location"] = f"{PREFIX}/routes/{added.name}"
    return _out(added)


@router.get("")
def list_all(caller: Reader, limit: Limit = 50, cursor: Cursor = None) -> Page[RouteOut]:
    """List the routes by name."""
    return page_of(_routes(caller).all(), key=lambda each: each.name, show=_out, cursor=cursor, limit=limit)


@router.get("/{name}")
def show(caller: Reader, name: Address) -> RouteOut:
    """Show a route."""
    return _out(_routes(caller).find(name))


@router.patch("/{name}")
def change(caller: Writer, name: Address, body: RouteChange) -> RouteOut:
    """Change a route's switches."""
    return _out(_routes(caller).change(name, _switches(body)))


@router.delete("/{name}", responses={409: {}})
def remove(
    caller: Writer,
    name: Address,
    force: Annotated[bool, Query(description="take it from the credentials that have it")] = False,
) -> RouteRemovalOut:
    """Remove a route; refused while live credentials have it."""
    removal = _routes(caller).remove(name, force=force)
    return RouteRemovalOut(name=removal.route.name, credentials=list(removal.users))


def _routes(caller: Caller) -> Routes:
    return caller.use.routes(caller.project.name)


def _switches(body: RouteChange) -> Switches:
    named = body.model_fields_set - {"name"}
    return cast(Switches, {name: getattr(body, name) for name in sorted(named)})


def _out(route: Route) -> RouteOut:
    return RouteOut(
        name=route.name,
        clicks=route.clicks,
        opens=route.opens,
        text=route.text,
        created_at=route.created_at,
    )
