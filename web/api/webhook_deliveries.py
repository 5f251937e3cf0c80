"""`/webhooks/{webhook}/deliveries` and `replay`: the batches that were sent to a webhook, or are to be."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, model_validator

from events.webhooks.model import Delivery, DeliveryState, Kind
from events.webhooks.ports import Spot
from web.api.bodies import Body
from web.api.callers import AllProjects, Reader, Writer
from web.api.moments import Moment
from web.api.pages import Cursor, Limit, Page, cursor_of, invalid_cursor, key_of
from web.api.resource import Resource
from web.api.webhooks import Address

router = APIRouter(prefix="/webhooks/{webhook}", tags=["webhooks"], route_class=Resource)

_MOST = 1000


class Replay(Body):
    """Which deliveries: one of the three."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"failed": True}]})

    deliveries: list[Annotated[str, Field(max_length=100)]] | None = Field(
        default=None, min_length=1, max_length=_MOST, description="that have ended, delivered ones too"
    )
    since: Moment | None = Field(default=None, description="the failed ones that were made since then")
    failed: bool = Field(default=False, description="all failed ones")

    @model_validator(mode="after")
    def _one_of_them(self) -> "Replay":
        if [self.deliveries is not None, self.since is not None, self.failed].count(True) != 1:
            raise ValueError("give one of deliveries, since and failed")
        return self


class ToldOut(BaseModel):
    """An event of a delivery."""

    id: str
    kind: Kind
    at: int = Field(description="milliseconds since 1970")


class DeliveryOut(BaseModel):
    """A batch of events."""

    id: str = Field(description="the header webhook-id of all its attempts")
    state: DeliveryState
    events: list[ToldOut]
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    ended_at: datetime | None
    detail: str = Field(description="what came of the last attempt, in plain words")


class ReplayOut(BaseModel):
    """How many are sent again."""

    deliveries: int
    paused: bool = Field(description="nothing is sent before the webhook is resumed")


@router.get("/deliveries")
def deliveries(
    caller: Reader,
    webhook: Address,
    all_projects: AllProjects = False,
    limit: Limit = 50,
    cursor: Cursor = None,
    state: DeliveryState | None = None,
) -> Page[DeliveryOut]:
    """List the deliveries, the newest first."""
    webhooks = caller.use.webhooks(caller.of(all_projects=all_projects))
    beyond = None if cursor is None else _spot(cursor)
    found = webhooks.deliveries(webhook, state=state, limit=limit + 1, beyond=beyond)
    listed = found[:limit]
    more = len(found) > limit
    last = f"{listed[-1].created_at.isoformat()} {listed[-1].id}" if more else ""
    return Page(data=[_out(each) for each in listed], next=cursor_of(last) if more else None)


@router.post("/replay")
def replay(caller: Writer, webhook: Address, body: Replay, all_projects: AllProjects = False) -> ReplayOut:
    """Send deliveries again. They keep their ids, so that receivers drop repeats."""
    webhooks = caller.use.webhooks(caller.of(all_projects=all_projects))
    count = webhooks.replay(webhook, body.deliveries or (), since=body.since)
    return ReplayOut(deliveries=count, paused=webhooks.find(webhook).paused)


def _spot(cursor: str) -> Spot:
    made, _, number = key_of(cursor).partition(" ")
    try:
        moment = datetime.fromisoformat(made)
    except ValueError:
        raise invalid_cursor() from None
    if moment.tzinfo is None:
        raise invalid_cursor()
    return moment, number


def _out(delivery: Delivery) -> DeliveryOut:
    return DeliveryOut(
        id=delivery.id,
        state=delivery.state,
        events=[ToldOut(id=each.event, kind=each.kind, at=each.at) for each in delivery.events],
        attempts=delivery.attempts,
        created_at=delivery.created_at,
        next_attempt_at=delivery.next_attempt_at,
        ended_at=delivery.ended_at,
        detail=delivery.detail,
    )
