"""`/recipients/about` and `/recipients/forget`: the rights of a person. docs/privacy.md.

The address comes in the body: paths and queries stand in the logs of proxies.
"""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from events.forgetting import Person
from web.api.bodies import Body
from web.api.callers import Admin, AllProjects, Caller
from web.api.pages import Cursor, cursor_of, key_of
from web.api.resource import Resource

router = APIRouter(prefix="/recipients", tags=["recipients"], route_class=Resource)

Row = dict[str, Any]


class PersonIn(Body):
    """Whom it is about."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"recipient": "ann@example.net"}]})

    recipient: Annotated[str, Field(max_length=1000)]


class AboutMessageOut(BaseModel):
    """What is stored of a message to the person; no other recipient is in it."""

    message: Row | None
    recipient: Row
    links: list[Row]
    outcomes: list[Row]
    hits: list[Row]


class AboutOut(BaseModel):
    """A part of what is stored of a person."""

    data: list[AboutMessageOut] = Field(description="may be empty on any page")
    next: str | None = Field(description="the `cursor` of the next page; null on the last one")


class ForgottenOut(BaseModel):
    """What named the person, and what is left to do."""

    received: int = Field(description="messages to the person")
    sent: int = Field(description="messages from the person")
    hits: int = Field(description="clicks and opens")
    wiped: bool = Field(description="false: old pages are still in a file of the database; ask again")
    damaged_files: list[str] = Field(
        description="of this machine's journal, in which the address stands: the operator's to remove"
    )


@router.post("/about")
def about(
    caller: Admin, body: PersonIn, all_projects: AllProjects = False, cursor: Cursor = None
) -> AboutOut:
    """Give all that is stored of a person, some messages at a time, the oldest first."""
    person = _person(caller, body, all_projects)
    found, beyond = caller.use.about(person, "" if cursor is None else key_of(cursor))
    shown = [AboutMessageOut.model_validate(each) for each in found]
    return AboutOut(data=shown, next=None if beyond is None else cursor_of(beyond))


@router.post("/forget")
def forget(caller: Admin, body: PersonIn, all_projects: AllProjects = False) -> ForgottenOut:
    """Delete what names a person, up to now, for ever. It may take long, and may be repeated."""
    done = caller.use.forget(_person(caller, body, all_projects))
    return ForgottenOut(
        received=done.forgotten.received,
        sent=done.forgotten.sent,
        hits=done.forgotten.hits,
        wiped=done.wiped,
        damaged_files=[file.name for file in done.damaged],
    )


def _person(caller: Caller, body: PersonIn, all_projects: bool) -> Person:
    """Raises `InvalidAddress`, `Problem`."""
    everywhere = caller.of(all_projects=all_projects) is None
    return Person(address=body.recipient.strip(), project=None if everywhere else caller.project.id)
