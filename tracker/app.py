"""The tracker as an ASGI application: raw, since a framework costs more than the answer.

It has one rule above all others: a click that can be answered is answered, whatever else goes wrong.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from events.model import Hit, HitKind
from links import ClickToken, InvalidToken, KeyRing, Kind, OpenToken, open_token, parse_path
from tracker.client_address import Network
from tracker.operator_page import OperatorPage
from tracker.request import Refused, Request, Scope, read_request
from tracker.responses import CLOSE, HEALTHY, NOT_ALLOWED, NOT_FOUND, PIXEL, ROBOTS, Response, redirect

__all__ = ["OperatorPage", "TrackerApp"]

Send = Callable[[Mapping[str, Any]], Awaitable[None]]

log = logging.getLogger("waypost.tracker")


class TrackerApp:
    """Answers HTTP requests on any host that points here. Logs neither tokens nor destinations.

    `ring` gives the keys as they are now; `record` writes a hit down, before it is answered; `clock` gives
    milliseconds since 1970; `new_id` gives 32 hex digits; `trusted_proxies` are the networks whose
    X-Forwarded-For is believed.
    """

    def __init__(
        self,
        *,
        ring: Callable[[], KeyRing],
        record: Callable[[Hit], object],
        clock: Callable[[], int],
        new_id: Callable[[], str],
        page: OperatorPage,
        trusted_proxies: Sequence[Network] = (),
    ) -> None:
        self._ring = ring
        self._record = record
        self._clock = clock
        self._new_id = new_id
        self._trusted_proxies = tuple(trusted_proxies)
        self._pages = {"/": page.response(), "/robots.txt": ROBOTS, "/healthz": HEALTHY}

    async def __call__(self, scope: Scope, receive: object, send: Send) -> None:
        """Answer one request; only `http` scopes come here, and no body is ever read."""
        closes = True
        try:
            request = read_request(scope, self._trusted_proxies)
            closes = request.is_last
            response = self._answer(request)
        except Refused as refused:
            response = refused.response
        headers = [*response.headers, CLOSE] if closes else list(response.headers)
        body = b"" if scope["method"] == "HEAD" else response.body
        await send({"type": "http.response.start", "status": int(response.status), "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return NOT_ALLOWED
        parsed = parse_path(request.path)
        if parsed is None:
            return self._pages.get(request.path, NOT_FOUND)
        kind, text = parsed
        # An unknown pixel looks like a known one: a broken image in a message helps nobody.
        unknown = PIXEL if kind is Kind.OPEN else NOT_FOUND
        try:
            token = open_token(text, self._ring())
        except InvalidToken:
            return unknown
        if token.kind is not kind:
            return unknown
        self._write_down(token, request)
        return redirect(token.url) if isinstance(token, ClickToken) else PIXEL

    def _write_down(self, token: ClickToken | OpenToken, request: Request) -> None:
        try:
            self._record(self._hit(token, request))
        # Whatever it is: the promise to the reader, to arrive, comes before the one to the sender, to count.
        except Exception:
            log.exception("%s of message %s was not written down", token.kind.name.lower(), token.message)

    def _hit(self, token: ClickToken | OpenToken, request: Request) -> Hit:
        click = token if isinstance(token, ClickToken) else None
        return Hit(
            id=self._new_id(),
            kind=HitKind.CLICK if click else HitKind.OPEN,
            at=self._clock(),
            project=token.project,
            message=token.message,
            recipient=token.recipient,
            link=click.link if click else 0,
            url=click.url if click else "",
            host=request.host,
            address=request.address,
            user_agent=request.user_agent,
            method=request.method,
        )
