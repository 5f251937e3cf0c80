"""`/messages/{message}`: one message with its links, and what happened to it."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from accounts.errors import NotFound
from events.message_view import Askers, MessageView
from events.ports import Event, EventFilter
from links.recipients import RecipientTracking
from web.api.callers import Reader
from web.api.events import page
from web.api.pages import MOST, Page
from web.api.resource import Resource

router = APIRouter(prefix="/messages", tags=["events"], route_class=Resource)

Address = Annotated[
    str, Path(max_length=100, description="our id, as events have it", examples=["0196b1c2d3e4a1b2c3d4e5f6"])
]


class AskersOut(BaseModel):
    """How often it was asked for, by who that is thought to be. What readers did is in `/stats?message=`."""

    human: int
    suspect: int
    machine: int
    all: int
    reasons: dict[str, int] = Field(description="why those are thought to be no people")


class LinkOut(BaseModel):
    """A tracked link, one for each distinct URL and name."""

    number: int
    url: str
    name: str
    tags: list[str]
    clicks: AskersOut


class MessageOut(BaseModel):
    """A message as it was when it came, and what happened to it since."""

    id: str
    at: int = Field(description="milliseconds since 1970")
    message_id: str = Field(description="the Message-ID header")
    sender: str = Field(description="of the envelope")
    sending_domain: str
    tracking_domain: str = Field(description='in its links; "" where it was not tracked')
    mode: str = Field(description="off, observe: its links would have been tracked; on")
    untracked: str = Field(description='why it went out as it came; "" otherwise')
    left_alone: dict[str, int] = Field(description="reasons, and how often each")
    size: int
    tags: list[str]
    metadata: dict[str, str]
    problems: list[str] = Field(description="control headers that were not understood")
    recipient_tracking: RecipientTracking
    recipients: list[str] = Field(description="addresses, as far as they are kept")
    pixel: bool
    opens: AskersOut
    clicks: AskersOut
    links: list[LinkOut]
    events: Page[Event] = Field(
        description=f"the first {MOST}, the oldest first; `next` is the cursor of `/events?message=ID`"
    )


@router.get("/{message}")
def show(caller: Reader, message: Address) -> MessageOut:
    """Show one message, its links, and what happened to it."""
    view = caller.use.events().message(caller.project.id, message)
    if view is None:
        raise NotFound("the project has no message of this id; records come a few seconds late")
    happened = EventFilter(project=caller.project.id, message=view.record.id, limit=MOST)
    return _out(view, page(caller.use, happened, None))


def _out(view: MessageView, events: Page[Event]) -> MessageOut:
    record = view.record
    return MessageOut(
        id=record.id,
        at=record.at,
        message_id=record.message_id,
        sender=record.sender,
        sending_domain=record.sending_domain,
        tracking_domain=record.tracking_domain,
        mode=record.mode,
        untracked=record.untracked,
        left_alone=dict(record.left_alone),
        size=record.size,
        tags=list(record.tags),
        metadata=dict(record.metadata),
        problems=list(record.problems),
        recipient_tracking=record.recipient_tracking,
        recipients=[each.address for each in record.recipients],
        pixel=record.pixel,
        opens=_askers(view.opens),
        clicks=_askers(view.clicks()),
        links=[
            LinkOut(
                number=link.number,
                url=link.url,
                name=link.name,
                tags=list(link.tags),
                clicks=_askers(view.clicks(link.number)),
            )
            for link in record.links
        ],
        events=events,
    )


def _askers(askers: Askers) -> AskersOut:
    return AskersOut(
        human=askers.human,
        suspect=askers.suspect,
        machine=askers.machine,
        all=askers.all,
        reasons=dict(askers.reasons.most_common()),
    )
