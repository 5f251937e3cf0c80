"""`/link-blocks`: the kill switch for links in mail that is already sent, of all projects."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from links.blocks import Block, BlockKind
from web.api.bodies import Body
from web.api.callers import Operator
from web.api.pages import Cursor, Limit, Page, page_of
from web.api.resource import Resource
from web.link_blocks import kept_value

router = APIRouter(prefix="/link-blocks", tags=["link blocks"], route_class=Resource)

_VALUE = "a destination, a host (*.shop.example for all below it), a message's id, or a project's name"
_MOST = 4096


class BlockIn(Body):
    """What to block."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "host", "value": "shop.example", "reason": "phishing"}]}
    )

    kind: Annotated[BlockKind, Field(strict=False)]
    value: str = Field(max_length=_MOST, description=_VALUE)
    reason: str = Field(default="", max_length=_MOST, description="for operators; clicks are not told")


class BlockOut(BaseModel):
    """What is blocked; a project by its number."""

    kind: BlockKind
    value: str
    reason: str
    created_at: datetime


@router.post("", status_code=201)
def block(caller: Operator, body: BlockIn) -> BlockOut:
    """Have clicks answered with a page that says so; what is blocked already stays as it is."""
    value = kept_value(caller.use, body.kind, body.value)
    return _out(caller.use.link_blocks().block(body.kind, value, reason=body.reason))


@router.get("")
def list_all(caller: Operator, limit: Limit = 50, cursor: Cursor = None) -> Page[BlockOut]:
    """List what is blocked."""
    return page_of(
        caller.use.link_blocks().all(),
        key=lambda each: f"{each.kind} {each.value}",
        show=_out,
        cursor=cursor,
        limit=limit,
    )


@router.delete("", status_code=204)
def unblock(
    caller: Operator,
    kind: BlockKind,
    value: Annotated[str, Query(max_length=_MOST, description=_VALUE)],
) -> None:
    """Redirect again."""
    caller.use.link_blocks().unblock(kind, kept_value(caller.use, kind, value))


def _out(block: Block) -> BlockOut:
    return BlockOut(kind=block.kind, value=block.value, reason=block.reason, created_at=block.created_at)
