"""`/credentials`: SMTP logins of a project. A password is in one answer, the one that made it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from accounts.credentials import Credentials
from accounts.model import Credential, SendingLimits
from web.api.bodies import Body
from web.api.callers import Admin, Caller, Reader
from web.api.pages import Cursor, Limit, Page, page_read
from web.api.resource import Resource

router = APIRouter(prefix="/credentials", tags=["credentials"], route_class=Resource)

Address = Annotated[str, Path(max_length=100, description="its username", examples=["shop-7k2m9q4x"])]
_MOST = 2**31 - 1


class CredentialIn(Body):
    """A login to make."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"label": "web shop"}]})

    label: str = Field(default="", max_length=200)
    route: str | None = Field(default=None, max_length=64)
    messages_per_minute: int | None = Field(default=None, ge=1, le=_MOST)
    recipients_per_day: int | None = Field(default=None, ge=1, le=_MOST)


class CredentialOut(BaseModel):
    """A login, without its password."""

    username: str
    label: str
    route: str | None
    messages_per_minute: int | None
    recipients_per_day: int | None
    created_at: datetime
    revoked_at: datetime | None


class NewCredentialOut(CredentialOut):
    """With its password, which is shown this once and kept nowhere."""

    password: str


@router.post("", status_code=201)
def add(caller: Admin, body: CredentialIn) -> NewCredentialOut:
    """Make a username and a password. The password is shown now and never again."""
    limits = SendingLimits(
        messages_per_minute=body.messages_per_minute, recipients_per_day=body.recipients_per_day
    )
    added = _credentials(caller).add(label=body.label, route=body.route, limits=limits)
    return NewCredentialOut(**_out(added.credential).model_dump(), password=added.password)


@router.get("")
def list_all(
    caller: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    revoked: Annotated[bool, Query(description="revoked ones too")] = False,
) -> Page[CredentialOut]:
    """List the credentials by username."""
    credentials = _credentials(caller)
    return page_read(
        lambda behind, most: credentials.page(behind=behind, limit=most, revoked=revoked),
        key=lambda each: each.username,
        show=_out,
        cursor=cursor,
        limit=limit,
    )


@router.delete("/{username}", status_code=204)
def revoke(caller: Admin, username: Address) -> None:
    """End a login for ever; repeating it changes nothing."""
    _credentials(caller).revoke(username)


def _credentials(caller: Caller) -> Credentials:
    return caller.use.credentials(caller.project.name)


def _out(credential: Credential) -> CredentialOut:
    return CredentialOut(
        username=credential.username,
        label=credential.label,
        route=credential.route,
        messages_per_minute=credential.limits.messages_per_minute,
        recipients_per_day=credential.limits.recipients_per_day,
        created_at=credential.created_at,
        revoked_at=credential.revoked_at,
    )
