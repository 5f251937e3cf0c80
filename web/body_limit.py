"""Refuses bodies that are too long, told by their length or seen while they come."""

from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.refusals import Refuse, Refused

MOST_BODY: Final = 1024 * 1024  # octets

# FastAPI has a limit of its own, whose refusal has no shape of ours.


class BodyLimit:
    """Lets through bodies of up to `most` octets."""

    def __init__(self, app: ASGIApp, most: int, refuse: Refuse) -> None:
        self._app = app
        self._most = most
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        if scope["type"] == "http" and _announced(scope) > self._most:
            refusal = Refused(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", "the body is too long; send less"
            )
            await self._refuse(refusal)(scope, receive, send)
            return
        await self._app(scope, self._counted(receive), send)

    def _counted(self, receive: Receive) -> Receive:
        left = self._most

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
