"""Lets requests in that bear a key, before their bodies are read. API and SparkPost's shape have it alike."""

from base64 import b64decode
from binascii import Error
from collections.abc import Callable
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final

from anyio.to_thread import run_sync
from starlette.datastructures import Headers, QueryParams
from starlette.types import ASGIApp, Receive, Scope, Send

from accounts.errors import NotFound, StoreUnavailable
from accounts.lockout import Lockout
from accounts.networks import Address
from web.ports import Door
from web.refusals import Refuse, Refused, refused

_LOCKED_SECONDS: Final = 600


class Authentication:
    """Asks the door for each request but those for an open path; `request.state.entry` is what it says.

    `token_of` reads the Authorization header, "" where it holds no key. `project_of` reads which project is
    meant: one that a key is not for is as one that is not there, whatever its scope. Who failed too often is
    sent away for a while unheard, as at SMTP. Only the event loop's thread calls it.
    """

    def __init__(
        self,
        app: ASGIApp,
        door: Door,
        lockout: Lockout,
        *,
        token_of: Callable[[str], str],
        refuse: Refuse,
        project_of: Callable[[Scope], str | None] = lambda _: None,
        open_paths: frozenset[str] = frozenset(),
    ) -> None:
        self._app = app
        self._door = door
        self._lockout = lockout
        self._token_of = token_of
        self._refuse = refuse
        self._project_of = project_of
        self._open_paths = open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        if scope["type"] == "http" and scope["path"] not in self._open_paths:
            try:
                await self._let_in(scope)
            except Refused as refusal:
                await self._refuse(refusal)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _let_in(self, scope: Scope) -> None:
        address = _address(scope)
        if self._lockout.address_locked(address):
            raise Refused(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too_many_failures",
                "too many requests with wrong keys came from this address; wait ten minutes",
                headers={"Retry-After": str(_LOCKED_SECONDS)},
            )
        token = self._token_of(Headers(scope=scope).get("authorization", ""))
        try:
            entry = await run_sync(self._door.let_in, token, self._project_of(scope)) if token else None
        except (StoreUnavailable, NotFound) as error:
            raise refused(error) from None
        if entry is None:
            if token:
                self._lockout.failed(address, "")
            raise Refused(
                HTTPStatus.UNAUTHORIZED,
                "wrong_key",
                "send a live key as `Authorization: Bearer KEY`; `waypost apikey add` makes one",
                headers={"WWW-Authenticate": "Bearer"},
            )
        scope.setdefault("state", {})["entry"] = entry


def bearer_token(header: str) -> str:
    """Return the token of `Bearer TOKEN` [RFC 6750]."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def any_token(header: str) -> str:
    """Return the token of `TOKEN`, `Bearer TOKEN`, or `Basic` with the token as username [RFC 7617]."""
    scheme, _, rest = header.strip().partition(" ")
    if not rest:
        return scheme
    if scheme.lower() != "basic":
        return bearer_token(header)
    try:
        return b64decode(rest.strip(), validate=True).decode().partition(":")[0]
    except (Error, UnicodeError):
        return rest  # no key, and counted as a wrong one


def project_parameter(scope: Scope) -> str | None:
    """Return the parameter `project` of a request."""
    return QueryParams(scope["query_string"]).get("project")


def _address(scope: Scope) -> Address:
    host, _ = scope["client"]
    return ip_address(host)
