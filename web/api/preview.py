"""`/preview`: what would become of a message. Nothing is sent, stored or logged."""

from base64 import b64encode
from http import HTTPStatus
from typing import Annotated, Final

from anyio import fail_after
from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect

from rewriter.report import LinkReport, PartReport, PixelReport, Reason
from web.api.callers import Caller, Reader
from web.api.problems import Problem
from web.api.resource import Resource
from web.ports import Preview
from web.turns import Turns

router = APIRouter(prefix="/preview", tags=["preview"], route_class=Resource)

MOST_MESSAGE: Final = 25 * 1024 * 1024  # octets
MEDIA: Final = "message/rfc822"
AT_ONCE: Final = 2
"""Messages that are looked at at the same time: each takes several times its size of memory."""

MOST_WAITING: Final = 8  # that come, or came
MOST_WAITING_EACH: Final = 4  # of a project

_UPLOAD_SECONDS: Final = 60.0
_BODY: Final = {
    "requestBody": {
        "required": True,
        "description": "the message as it would be sent, at most 25 MiB",
        "content": {
            MEDIA: {
                "schema": {"type": "string", "format": "binary"},
                "example": "From: news@example.com\r\nContent-Type: text/html\r\n\r\n"
                '<a href="https://example.com/offer">the offer</a>\r\n',
            }
        },
    }
}


class LinkOut(BaseModel):
    """A link that was found."""

    part: str = Field(description='"1.2": the second part of the first part')
    line: int = Field(description="from 1, in the decoded part")
    url: str
    tracked: bool
    reason: Reason | None = Field(description="why it stays as it is; docs/reasons.md")
    name: str
    tags: list[str]


class PartOut(BaseModel):
    """A part of the message; `reason` says why it stays as it is, null where it was looked at."""

    part: str
    content_type: str
    reason: Reason | None


class PixelOut(BaseModel):
    """Where the open pixel goes, or why there is none."""

    part: str
    line: int
    reason: Reason | None


class PreviewOut(BaseModel):
    """What would become of the message."""

    base: str = Field(description="what its links would be on; a stand-in where there is no tracking domain")
    sending_domain: str
    untracked: str | None = Field(
        description="why it would go out as it came; the rest is shown as if it did not"
    )
    reason: Reason | None = Field(description="why the whole message would stay as it is")
    problems: list[str] = Field(description="control headers that are not understood")
    links: list[LinkOut]
    parts: list[PartOut]
    pixel: PixelOut
    rewritten: str | None = Field(description="in Base64, where asked for; its links lead nowhere")


@router.post("", openapi_extra=_BODY, responses={408: {}, 415: {}})
async def preview(
    caller: Reader,
    request: Request,
    on: Annotated[
        str | None, Query(max_length=300, description="links on this, such as https://track.example.com")
    ] = None,
    sender: Annotated[str | None, Query(max_length=300, description="as if From were of this domain")] = None,
    rewritten: Annotated[bool, Query(description="answer with the rewritten message too")] = False,
) -> PreviewOut:
    """Show each link of a message with its verdict and reason, as the project's mail."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA:
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            f"send the message itself, with Content-Type: {MEDIA}",
        )
    turns: Turns = request.app.state.preview_turns
    with turns.taken_by(caller.actor.project):
        return await _answer(request, caller, on, sender, rewritten=rewritten)


async def _answer(
    request: Request, caller: Caller, on: str | None, sender: str | None, *, rewritten: bool
) -> PreviewOut:
    message = await _body(request)
    async with request.app.state.previews:
        use, project = caller.use, caller.project.name
        return await run_sync(
            lambda: _out(use.preview(project, message, base=on, sender=sender), rewritten=rewritten)
        )


async def _body(request: Request) -> bytes:
    try:
        with fail_after(_UPLOAD_SECONDS):
            return await request.body()
    except ClientDisconnect:
        raise Problem(HTTPStatus.BAD_REQUEST, "bad_request", "the message did not come whole") from None
    except TimeoutError:
        raise Problem(
            HTTPStatus.REQUEST_TIMEOUT, "too_slow", f"send the message within {_UPLOAD_SECONDS:.0f} seconds"
        ) from None


def _out(found: Preview, *, rewritten: bool) -> PreviewOut:
    report = found.result.report
    return PreviewOut(
        base=found.base,
        sending_domain=_told(found.sending_domain),
        untracked=found.untracked,
        reason=report.reason,
        problems=[_told(problem) for problem in found.problems],
        links=[_link(each) for each in report.links],
        parts=[_part(each) for each in report.parts],
        pixel=_pixel(report.pixel),
        rewritten=b64encode(found.result.message).decode("ascii") if rewritten else None,
    )


def _link(link: LinkReport) -> LinkOut:
    return LinkOut(
        part=link.part,
        line=link.line,
        url=_told(link.url),
        tracked=link.reason is None,
        reason=link.reason,
        name=_told(link.name),
        tags=[_told(tag) for tag in link.tags],
    )


def _part(part: PartReport) -> PartOut:
    return PartOut(part=part.part, content_type=_told(part.content_type), reason=part.reason)


def _pixel(pixel: PixelReport) -> PixelOut:
    return PixelOut(part=pixel.part, line=pixel.line, reason=pixel.reason)


def _told(text: str) -> str:
    """Return a text of the message as UTF-8 can have it: bytes that are none are lone surrogates in it."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
