"""Refuses bodies that are too long, told by their length or seen while they come."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.refusals import Refuse, Refused

MOST_BODY: Final = 1024 * 1024  # octets

# FastAPI has a limit of its own, whose refusal has no shape of ours.


class BodyLimit:
    """Lets through bodies of up to `most` octets, for some paths of as many as `larger` says."""

    def __init__(
        self, app: ASGIApp, most: int, refuse: Refuse, larger: Mapping[str, int] | None = None
    ) -> None:
        self._app = app
        self._most = most
        self._refuse = refuse
        self._larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._larger.get(scope["path"], self._most)
        if _announced(scope) > most:
            refusal = Refused(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", "the body is too long; send less"
            )
            await self._refuse(refusal)(scope, receive, send)
            return
        await self._app(scope, _counted(receive, most), send)


def _counted(receive: Receive, most: int) -> Receive:
    left = most

    async def receive_within() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return message

    return receive_within


def _announced(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "0")
    return int(length) if length.isdigit() else 0
