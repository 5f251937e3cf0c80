"""`/webhooks`: servers that are told what happens. A secret is in one answer, the one that made it."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from events.webhooks.endpoint import MOST_CHARACTERS, shown
from events.webhooks.model import Kind, Webhook, WebhookState
from events.webhooks.use_cases import GRACE, Webhooks
from web.api import PREFIX
from web.api.bodies import Body
from web.api.callers import AllProjects, Caller, Reader, Writer
from web.api.pages import Cursor, Limit, Page, page_of
from web.api.resource import Resource
from web.api.turns import Turn

router = APIRouter(prefix="/webhooks", tags=["webhooks"], route_class=Resource)

Address = Annotated[str, Path(max_length=100, description="its id", examples=["0a1b2c3d4e5f"])]
_MOST_GRACE = 30 * 86_400


class WebhookIn(Body):
    """A webhook to add."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"url": "https://hooks.example.com/waypost", "kinds": ["click", "open"]}]
        }
    )

    url: str = Field(max_length=MOST_CHARACTERS, description="https://HOST/PATH")
    kinds: list[Annotated[Kind, Field(strict=False)]] = Field(
        default=[], max_length=100, description="what it is told; none given: everything"
    )
    label: str = Field(default="", max_length=200, description="what it is for")


class Rotation(Body):
    """How a secret gives way to another."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}, {"grace_seconds": 0}]})

    grace_seconds: int = Field(
        default=int(GRACE.total_seconds()),
        ge=0,
        le=_MOST_GRACE,
        description="how long the former secret signs too; 0 where it leaked",
    )


class WebhookOut(BaseModel):
    """A webhook, without its secret."""

    id: str
    url: str = Field(description="without its query, which may be a secret")
    kinds: list[Kind]
    label: str
    state: WebhookState
    paused_at: datetime | None
    paused_why: str
    failures: int = Field(description="attempts in a row")
    failing_since: datetime | None
    failing_why: str
    former_secret_until: datetime | None = Field(description="the former secret signs too until then")
    created_at: datetime


class WebhookDetailsOut(WebhookOut):
    """With how much waits for it."""

    waiting: int = Field(description="events in no delivery yet")


class WithSecretOut(WebhookOut):
    """With its secret, which is shown this once."""

    secret: str


class TrialOut(BaseModel):
    """What came of a trial."""

    delivered: bool
    detail: str = Field(description="in plain words")


@router.post("", status_code=201)
def add(
    caller: Writer, body: WebhookIn, response: Response, all_projects: AllProjects = False
) -> WithSecretOut:
    """Tell a server what happens from now on. Its secret, which checks signatures, is shown now alone."""
    added = _webhooks(caller, all_projects).add(body.url, kinds=body.kinds, label=body.label)
    response.headers["Location"] = f"{PREFIX}/webhooks/{added.webhook.id}"
    return WithSecretOut(**_out(added.webhook).model_dump(), secret=added.secret)


@router.get("")
def list_all(
    caller: Reader, all_projects: AllProjects = False, limit: Limit = 50, cursor: Cursor = None
) -> Page[WebhookOut]:
    """List the webhooks of the project, or those that are told of all projects."""
    found = _webhooks(caller, all_projects).all()
    return page_of(found, key=lambda each: each.id, show=_out, cursor=cursor, limit=limit)


@router.get("/{webhook}")
def show(caller: Reader, webhook: Address, all_projects: AllProjects = False) -> WebhookDetailsOut:
    """Show a webhook, how it goes, and how much waits for it."""
    webhooks = _webhooks(caller, all_projects)
    found = webhooks.find(webhook)
    return WebhookDetailsOut(**_out(found).model_dump(), waiting=webhooks.waiting(found.id))


@router.delete("/{webhook}", status_code=204)
def remove(caller: Writer, webhook: Address, all_projects: AllProjects = False) -> None:
    """Remove a webhook with all that waits for it."""
    _webhooks(caller, all_projects).remove(webhook)


@router.post("/{webhook}/test", responses={409: {}})
def try_now(caller: Writer, webhook: Address, turn: Turn, all_projects: AllProjects = False) -> TrialOut:
    """Send one event of the kind `test` now. Takes seconds; the answer has what came of it."""
    attempt = caller.use.try_webhook(caller.of(all_projects=all_projects), webhook)
    return TrialOut(delivered=attempt.delivered, detail=attempt.detail)


@router.post("/{webhook}/pause")
def pause(caller: Writer, webhook: Address, all_projects: AllProjects = False) -> WebhookOut:
    """Send nothing until it is resumed; what happens meanwhile waits for it."""
    return _out(_webhooks(caller, all_projects).pause(webhook))


@router.post("/{webhook}/resume")
def resume(caller: Writer, webhook: Address, all_projects: AllProjects = False) -> WebhookOut:
    """Send again, what waited first. What failed before comes back by `replay`."""
    return _out(_webhooks(caller, all_projects).resume(webhook))


@router.post("/{webhook}/rotate")
def rotate(
    caller: Writer, webhook: Address, body: Rotation, all_projects: AllProjects = False
) -> WithSecretOut:
    """Give it another secret, which is shown now and never again."""
    grace = timedelta(seconds=body.grace_seconds)
    rotated = _webhooks(caller, all_projects).rotate(webhook, grace=grace)
    return WithSecretOut(**_out(rotated.webhook).model_dump(), secret=rotated.secret)


def _webhooks(caller: Caller, all_projects: bool) -> Webhooks:
    return caller.use.webhooks(caller.of(all_projects=all_projects))


def _out(webhook: Webhook) -> WebhookOut:
    return WebhookOut(
        id=webhook.id,
        url=shown(webhook.url),
        kinds=list(webhook.kinds),
        label=webhook.label,
        state=webhook.state,
        paused_at=webhook.paused_at,
        paused_why=webhook.paused_why,
        failures=webhook.failures,
        failing_since=webhook.failing_since,
        failing_why=webhook.failing_why,
        former_secret_until=webhook.former_until,
        created_at=webhook.created_at,
    )
