"""What the tracker answers to a request.

It has one rule above all others: a click that can be answered is answered, whatever else goes wrong.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import NamedTuple

from connections.address_precision import kept_address
from connections.client_address import Network
from events.model import Hit, HitKind
from links import (
    BlockList,
    ClickToken,
    InvalidToken,
    KeyRing,
    Kind,
    OpenToken,
    open_token,
    parse_path,
    parse_probe_path,
    prove,
)
from links.blocks import NO_BLOCKS
from tracker.app_links import AppFiles, app_file
from tracker.challenges import challenge_token
from tracker.metrics import Asked, Outcome, TrackerMetrics
from tracker.operator_page import OperatorPage
from tracker.reader_privacy import ALL_KEPT, ReaderPrivacy, Signals, anonymous
from tracker.request import Refused, Request, Scope, read_request
from tracker.responses import (
    HEALTHY,
    NOT_ALLOWED,
    NOT_FOUND,
    PIXEL,
    ROBOTS,
    Response,
    octets,
    plain,
    redirect,
)

__all__ = ["OperatorPage", "TrackerApp"]


class Reply(NamedTuple):
    """An answer, and whether the connection ends with it."""

    response: Response
    closes: bool


Answering = Reply | Awaitable[Reply]
"""Nearly always there at once."""

Challenges = Callable[[str], Awaitable[str | None]]
"""Returns what to answer the certificate authority that asks for a token, None for an unknown one."""

log = logging.getLogger("waypost.tracker")

SERVED = ("GET", "HEAD")


class TrackerApp:
    """Answers HTTP requests on any host that points here. Logs neither tokens nor destinations.

    `ring` gives the keys as they are now; `record` writes a hit down, before it is answered, and `on_disk`,
    where given, is awaited between the two; `clock` gives milliseconds since 1970; `new_id` gives 32 hex
    digits; `trusted_proxies` are the networks whose X-Forwarded-For is believed; `challenges` is there where
    certificates are issued here; `blocks` gives the blocked links as they are now, and `blocked` is told each
    click on one; `app_files` gives the files of a host; `privacy` says how much of a reader is written down.
    """

    def __init__(
        self,
        *,
        ring: Callable[[], KeyRing],
        record: Callable[[Hit], object],
        on_disk: Callable[[], Awaitable[bool]] | None = None,
        metrics: TrackerMetrics,
        clock: Callable[[], int],
        new_id: Callable[[], str],
        page: OperatorPage,
        trusted_proxies: Sequence[Network] = (),
        challenges: Challenges | None = None,
        blocks: Callable[[], BlockList] = lambda: NO_BLOCKS,
        blocked: Callable[[ClickToken], None] = lambda token: None,
        app_files: AppFiles = lambda host, file: None,
        privacy: ReaderPrivacy = ALL_KEPT,
    ) -> None:
        self._ring = ring
        self._record = record
        self._on_disk = on_disk
        self._metrics = metrics
        self._clock = clock
        self._new_id = new_id
        self._trusted_proxies = tuple(trusted_proxies)
        self._challenges = challenges
        self._blocks = blocks
        self._blocked = blocked
        self._app_files = app_files
        self._privacy = privacy
        self._gone = page.gone()
        self._pages = {"/": page.response(), "/robots.txt": ROBOTS, "/healthz": HEALTHY}

    def answer(self, scope: Scope) -> Answering:
        """Answer one request, by its head alone."""
        try:
            request = read_request(scope, self._trusted_proxies)
        except Refused as refused:
            self._metrics.answered(Asked.OTHER, Outcome.REFUSED)
            return Reply(refused.response, closes=True)
        token = challenge_token(request.path) if request.method in SERVED else None
        if token is not None:
            return self._answer_challenge(token, closes=request.is_last)
        answer = self._answer(request)
        if isinstance(answer, Response):
            return Reply(answer, request.is_last)
        return self._answer_later(answer, closes=request.is_last)

    def _answer(self, request: Request) -> Response | Awaitable[Response]:
        if request.method not in SERVED:
            self._metrics.answered(Asked.OTHER, Outcome.REFUSED)
            return NOT_ALLOWED
        parsed = parse_path(request.path)
        if parsed is None:
            page = self._page(request)
            self._metrics.answered(Asked.OTHER, Outcome.ANSWERED if page else Outcome.UNKNOWN)
            return page or NOT_FOUND
        return self._open(request, *parsed)

    def _page(self, request: Request) -> Response | None:
        return (
            self._pages.get(request.path)
            or self._proof(request)
            or app_file(request.path, request.host, self._app_files)
        )

    async def _answer_later(self, answer: Awaitable[Response], *, closes: bool) -> Reply:
        return Reply(await answer, closes)

    async def _answer_challenge(self, token: str, *, closes: bool) -> Reply:
        """Whatever the host: an authority may follow a redirect here from a name that is not ours."""
        answer = None if self._challenges is None else await self._challenges(token)
        self._metrics.answered(Asked.OTHER, Outcome.UNKNOWN if answer is None else Outcome.ANSWERED)
        return Reply(NOT_FOUND if answer is None else octets(answer.encode("ascii")), closes)

    def _proof(self, request: Request) -> Response | None:
        """Answer a check of a tracking domain: that its DNS leads to this installation."""
        nonce = parse_probe_path(request.path)
        if nonce is None:
            return None
        return plain(HTTPStatus.OK, prove(self._ring().sealing(self._clock()), nonce, request.host))

    def _open(self, request: Request, kind: Kind, text: str) -> Response | Awaitable[Response]:
        # An unknown pixel looks like a known one: a broken image in a message helps nobody.
        asked, unknown = (Asked.CLICK, NOT_FOUND) if kind is Kind.CLICK else (Asked.OPEN, PIXEL)
        try:
            token = open_token(text, self._ring())
        except InvalidToken:
            token = None
        if token is None or token.kind is not kind:
            self._metrics.answered(asked, Outcome.UNKNOWN)
            return unknown
        response = PIXEL
        if isinstance(token, ClickToken):
            if (blocks := self._blocks()) and blocks.covers(token):
                self._metrics.answered(asked, Outcome.BLOCKED)
                self._blocked(token)
                return self._gone
            response = redirect(token.url)
        if request.objects and self._privacy.signals is Signals.SKIP:
            self._metrics.answered(asked, Outcome.OBJECTED)
            return response
        written = self._write_down(token, request)
        if written and self._on_disk is not None:
            return self._once(self._on_disk(), asked, response)
        self._metrics.answered(asked, Outcome.ANSWERED if written else Outcome.UNRECORDED)
        return response

    async def _once(self, on_disk: Awaitable[bool], asked: Asked, response: Response) -> Response:
        try:
            written = await on_disk
        except Exception:  # as below
            log.exception("a hit may not be on the disk")
            written = False
        self._metrics.answered(asked, Outcome.ANSWERED if written else Outcome.UNRECORDED)
        return response

    def _write_down(self, token: ClickToken | OpenToken, request: Request) -> bool:
        try:
            return self._record(self._hit(token, request)) is not False
        # Whatever it is: the promise to the reader, to arrive, comes before the one to the sender, to count.
        except Exception:
            log.exception("%s of message %s was not written down", token.kind.name.lower(), token.message)
            return False

    def _hit(self, token: ClickToken | OpenToken, request: Request) -> Hit:
        click = token if isinstance(token, ClickToken) else None
        hit = Hit(
            id=self._new_id(),
            kind=HitKind.CLICK if click else HitKind.OPEN,
            at=self._clock(),
            project=token.project,
            message=token.message,
            recipient=token.recipient,
            link=click.link if click else 0,
            url=click.url if click else "",
            host=request.host,
            address=kept_address(request.address, self._privacy.addresses(token.project)),
            user_agent=request.user_agent,
            method=request.method,
            purpose=request.purpose,
        )
        objects = request.objects and self._privacy.signals is Signals.ANONYMOUS
        return anonymous(hit) if objects else hit
