"""`/api-keys`: who may use the API. A key is in one answer, the one that made it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from accounts.actors import Scope
from accounts.api_keys import ApiKey, ApiKeys
from web.api.bodies import Body
from web.api.callers import Admin, AllProjects, Caller
from web.api.pages import Cursor, Limit, Page, page_of
from web.api.resource import Resource

router = APIRouter(prefix="/api-keys", tags=["API keys"], route_class=Resource)

Address = Annotated[str, Path(max_length=100, description="its id", examples=["7k2m9q4x"])]


class ApiKeyIn(Body):
    """A key to make."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"scope": "write", "label": "back office"}]})

    scope: Annotated[Scope, Field(strict=False)] = Scope.READ
    label: str = Field(default="", max_length=200, description="what it is for")


class ApiKeyOut(BaseModel):
    """A key, without its secret."""

    id: str = Field(description="as the audit log calls it: `key:` and this")
    scope: Scope
    label: str
    created_at: datetime
    last_used_at: datetime | None = Field(description="to an hour")
    revoked_at: datetime | None


class NewApiKeyOut(ApiKeyOut):
    """With what its user sends, which is shown this once and kept nowhere."""

    key: str


@router.post("", status_code=201)
def add(caller: Admin, body: ApiKeyIn, all_projects: AllProjects = False) -> NewApiKeyOut:
    """Make a key for the project, or for the whole installation. It is shown now and never again."""
    added = _keys(caller, all_projects).add(body.scope, label=body.label)
    return NewApiKeyOut(**_out(added.key).model_dump(), key=added.token)


@router.get("")
def list_all(
    caller: Admin,
    all_projects: AllProjects = False,
    limit: Limit = 50,
    cursor: Cursor = None,
    revoked: Annotated[bool, Query(description="revoked ones too")] = False,
) -> Page[ApiKeyOut]:
    """List the keys of the project, or those for the whole installation."""
    found = _keys(caller, all_projects).all(revoked=revoked)
    return page_of(found, key=lambda each: each.id, show=_out, cursor=cursor, limit=limit)


@router.delete("/{key_id}", status_code=204)
def revoke(caller: Admin, key_id: Address, all_projects: AllProjects = False) -> None:
    """End a key for ever, from the next request on; repeating it changes nothing."""
    _keys(caller, all_projects).revoke(key_id)


def _keys(caller: Caller, all_projects: bool) -> ApiKeys:
    return caller.use.api_keys(caller.of(all_projects=all_projects))


def _out(key: ApiKey) -> ApiKeyOut:
    return ApiKeyOut(
        id=key.id,
        scope=key.scope,
        label=key.label,
        created_at=key.created_at,
        last_used_at=key.last_used_at,
        revoked_at=key.revoked_at,
    )
