"""Signing in and out: the pages that nobody has to be signed in for.

The form bears a token that stands in a cookie too, so that no other site can sign somebody in as somebody
else [OWASP: login CSRF, double submit].
"""

import hmac
import logging
import secrets
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from accounts.lockout import Lockout
from accounts.networks import Address
from web.dashboard import cookies
from web.dashboard.addresses import own_path, url
from web.dashboard.forms import Form, read_form, read_query
from web.dashboard.origin import of_another_site
from web.dashboard.pages import FORM_TOKEN, read_body
from web.dashboard.refusal import Refusal
from web.dashboard.rendering import render
from web.ports import Door

log = logging.getLogger("waypost.web")

MOST: Final = 16 * 1024  # octets
MOST_HASHING: Final = 2  # passwords at a time: each takes 32 MiB and a processor
_LOCKED_SECONDS: Final = 600


class SigningIn:
    """`lockout` is asked by the event loop's thread alone."""

    def __init__(self, door: Door, lockout: Lockout) -> None:
        self._door = door
        self._lockout = lockout
        self._hashing = CapacityLimiter(MOST_HASHING)

    def routes(self) -> list[Route]:
        """Return what it answers."""
        path = url("sign-in")
        return [
            Route(path, self._show, methods=["GET"]),
            Route(path, self._sign_in, methods=["POST"]),
            Route(url("sign-out"), self._sign_out, methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        return _form(request, read_query(request.scope["query_string"]).get("next", "/"))

    async def _sign_in(self, request: Request) -> Response:
        form = read_form(request.headers.get("content-type", ""), await read_body(request, MOST))
        after = own_path(form.get("next", "/"))
        expected = cookies.read(request, cookies.SIGN_IN)
        own = bool(expected) and hmac.compare_digest(expected.encode(), form.get(FORM_TOKEN).encode())
        if not own or of_another_site(request.headers):
            return _form(request, after, "the form was too old; it is a new one now, try again")
        address = client_address(request)
        name = "" if form.get("key") else form.get("name").strip().lower()
        self._refuse_locked(address, name)
        token = await self._token(name, form)
        # Asked again, for those who guessed meanwhile: else of many guesses at once all are heard.
        self._refuse_locked(address, name)
        if token is None:
            self._lockout.failed(address, name)
            log.warning("a sign-in from %s failed", address)
            return _form(
                request, after, "this is no login here; look at what you typed", HTTPStatus.FORBIDDEN
            )
        await run_sync(self._door.sign_out, cookies.read(request, cookies.SESSION))
        response = RedirectResponse(after, HTTPStatus.SEE_OTHER)
        cookies.write(request, response, cookies.SESSION, token)
        cookies.clear(request, response, cookies.SIGN_IN)
        return response

    def _refuse_locked(self, address: Address, name: str) -> None:
        locked = self._lockout.locked(address, name) if name else self._lockout.address_locked(address)
        if locked:
            raise Refusal(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too many failed to sign in from this address; wait ten minutes",
                headers={"Retry-After": str(_LOCKED_SECONDS)},
            )

    async def _token(self, name: str, form: Form) -> str | None:
        """Return that of a new session: whatever the browser brought along is worth nothing afterwards."""
        if key := form.get("key").strip():
            return await run_sync(self._door.sign_in_by_key, key)
        return await run_sync(self._door.sign_in, name, form.get("password"), limiter=self._hashing)

    async def _sign_out(self, request: Request) -> Response:
        form = read_form(request.headers.get("content-type", ""), await read_body(request, MOST))
        token = cookies.read(request, cookies.SESSION)
        session = await run_sync(self._door.session, token)
        if session is not None:
            own = hmac.compare_digest(session.form_token.encode(), form.get(FORM_TOKEN).encode())
            if not own or of_another_site(request.headers):
                raise Refusal(HTTPStatus.FORBIDDEN, "this form is too old; reload the page and send again")
            await run_sync(self._door.sign_out, token)
        response = RedirectResponse(url("sign-in"), HTTPStatus.SEE_OTHER)
        cookies.clear(request, response, cookies.SESSION)
        return response


def client_address(request: Request) -> Address:
    """Return whom failures are counted for."""
    return ip_address(request.scope["client"][0])


def _form(request: Request, after: str, refusal: str = "", status: int = HTTPStatus.OK) -> Response:
    token = cookies.read(request, cookies.SIGN_IN) or secrets.token_urlsafe(32)
    html = render("sign_in.html", after=own_path(after), form_token=token, refusal=refusal)
    response = HTMLResponse(html, status)
    cookies.write(request, response, cookies.SIGN_IN, token)
    return response
