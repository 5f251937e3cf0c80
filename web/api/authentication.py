"""Lets requests in that bear a key [RFC 6750], before their bodies are read."""

from http import HTTPStatus
from ipaddress import ip_address
from typing import Final

from anyio.to_thread import run_sync
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from accounts.errors import StoreUnavailable
from accounts.lockout import Lockout
from accounts.networks import Address
from web.api import PREFIX
from web.api.problems import Problem, problem_of
from web.ports import Door

OPEN: Final = frozenset({f"{PREFIX}/openapi.json"})
_LOCKED_SECONDS: Final = 600


class Authentication:
    """Asks the door for each request but those for an `OPEN` path; who has the key is `request.state.actor`.

    Who failed too often is sent away for a while unheard, as at SMTP. Only the event loop's thread calls it.
    """

    def __init__(self, app: ASGIApp, door: Door, lockout: Lockout) -> None:
        self._app = app
        self._door = door
        self._lockout = lockout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        if scope["type"] == "http" and scope["path"] not in OPEN:
            try:
                await self._let_in(scope)
            except Problem as problem:
                await problem.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _let_in(self, scope: Scope) -> None:
        address = _address(scope)
        if self._lockout.address_locked(address):
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too_many_failures",
                "too many requests with wrong keys came from this address; wait ten minutes",
                headers={"Retry-After": str(_LOCKED_SECONDS)},
            )
        token = _token(scope)
        try:
            actor = await run_sync(self._door.authenticate, token) if token else None
        except StoreUnavailable as error:
            raise problem_of(error) from None
        if actor is None:
            if token:
                self._lockout.failed(address, "")
            raise Problem(
                HTTPStatus.UNAUTHORIZED,
                "wrong_key",
                "send a live key as `Authorization: Bearer KEY`; `waypost apikey add` makes one",
                headers={"WWW-Authenticate": "Bearer"},
            )
        scope.setdefault("state", {})["actor"] = actor


def _token(scope: Scope) -> str:
    scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _address(scope: Scope) -> Address:
    host, _ = scope["client"]
    return ip_address(host)
