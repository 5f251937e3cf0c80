"""One HTTP/1.1 connection, on httptools' parser (llhttp, which Node.js has), with bounds on all it may take.

No ASGI server between: nearly every answer is ready at once, and a task, events and messages for each cost
more than to parse the request and to open its token. Requests are answered in their order, each as soon as
its head is there; bodies are never read. Reading stops while answers wait to be written, so that a client who
pipelines and reads nothing (slowloris from the other end) fills its own buffers.
"""

import asyncio
import logging
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

import httptools

from tracker.acceptor import Origin
from tracker.app import Answering, Reply
from tracker.request import MAX_HEAD_BYTES, TLS, Scope
from tracker.responses import BAD_REQUEST, HEAD_TOO_LARGE, Response

log = logging.getLogger("waypost.tracker")

# As nginx has it. Kept connections of a front that were opened while one of several workers had time stay
# with it however busy it becomes; when they come back, another takes them.
KEPT_REQUESTS = 1_000

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ABSOLUTE_FORM = re.compile(rb"(?i:https?)://([^/?#]*)/?([^#]*)")


@dataclass(slots=True, kw_only=True)
class Bounds:
    """For all connections of one server."""

    max_connections: int
    request_seconds: float  # from the connection, or the answer before, until the answer is out
    idle_seconds: float = 5.0  # from an answer to the next request
    kept_requests: int = KEPT_REQUESTS  # of one connection
    refused: Callable[[], object] = lambda: None  # told of each connection beyond them
    full: bool = False

    @property
    def soonest(self) -> float:
        """Return after how many seconds a connection may have to be ended."""
        return min(self.request_seconds, self.idle_seconds)

    def has_room(self, connections: int) -> bool:
        """Tell whether so many may be open, and say where they may not."""
        if connections > self.max_connections:
            self._tell_full()
            return False
        if connections < 0.9 * self.max_connections:
            self.full = False
        return True

    def _tell_full(self) -> None:
        """Say it once, until there is room again: a line for each refusal would fill the disk."""
        self.refused()
        if not self.full:
            log.warning("%d connections are open, more are refused", self.max_connections)
        self.full = True


@dataclass(slots=True, kw_only=True, eq=False)
class Connections:
    """The open connections of one server, and what they share. `answer` is asked once for each request."""

    answer: Callable[[Scope], Answering]
    bounds: Bounds
    open: "set[HttpConnection]" = field(default_factory=set)
    stopping: bool = False
    _second: int = -1
    _date: bytes = b""

    def date(self) -> bytes:
        """Return the header line that RFC 9110 section 6.6.1 asks for."""
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._date = f"date: {_http_date(second)}\r\n".encode("ascii")
        return self._date


def _http_date(seconds: int) -> str:
    """RFC 9110 section 5.6.7. Not by strftime, which speaks the language of the machine."""
    year, month, day, hour, minute, second, weekday, *_ = time.gmtime(seconds)
    return f"{_DAYS[weekday]}, {day:02} {_MONTHS[month - 1]} {year} {hour:02}:{minute:02}:{second:02} GMT"


class _Head(NamedTuple):
    scope: dict[str, Any]
    keep_alive: bool


class HttpConnection(asyncio.Protocol):
    """One connection of a client."""

    def __init__(self, shared: Connections, origin: Origin = Origin()) -> None:  # noqa: B008 - it is frozen
        self._shared = shared
        self._origin = origin
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport
        self._client: tuple[str, int] | None = None
        self._waiting: deque[_Head | Response] = deque()
        self._answering: asyncio.Task[None] | None = None
        self._writable = True
        self._reading = True
        self._ended = False  # nothing that follows is read
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._head_open = True
        self._head_bytes = 0
        self._since = 0.0
        self._answered = False
        self._left = shared.bounds.kept_requests
        self._timer: asyncio.TimerHandle | None = None

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        if self._origin.address is not None:
            self._client = (self._origin.address, 0)
        elif isinstance(peer, tuple):
            self._client = (peer[0], peer[1])
        self._shared.open.add(self)
        self._since = self._loop.time()
        self._timer = self._loop.call_later(self._shared.bounds.request_seconds, self._check_time)
        if not self._shared.bounds.has_room(len(self._shared.open)):
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._shared.open.discard(self)
        self._forget()
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        if self._ended:
            return
        if self._head_open:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._ended = True  # what follows is another protocol
        except httptools.HttpParserError:
            self._refuse(BAD_REQUEST)
        # A complete head is measured where it is answered; this one may never be complete.
        if self._head_open and self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(HEAD_TOO_LARGE)
        self._advance()

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        self._advance()

    # What the parser calls: it only collects, since an exception here would look like bad HTTP.

    def on_message_begin(self) -> None:
        self._url, self._headers = b"", []

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._head_open = False
        self._head_bytes = 0
        if self._ended:
            return
        version = self._parser.get_http_version()
        keep_alive = version != "1.0" and self._parser.should_keep_alive()
        self._ended = not keep_alive
        if self._url.isascii():
            self._waiting.append(_Head(self._scope(version), keep_alive))
        else:
            self._refuse(BAD_REQUEST)

    def on_message_complete(self) -> None:
        self._head_open = True

    def _scope(self, version: str) -> dict[str, Any]:
        if not self._url.startswith(b"/"):
            self._to_origin_form()
        path, _, query = self._url.partition(b"#")[0].partition(b"?")
        scope: dict[str, Any] = {
            "method": self._parser.get_method().decode("ascii"),
            "http_version": version,
            "raw_path": path,
            "query_string": query,
            "headers": self._headers,
            "client": self._client,
        }
        if self._origin.server_name is not None:
            scope["extensions"] = {TLS: {"server_name": self._origin.server_name}}
        return scope

    def _to_origin_form(self) -> None:
        """Take host and path from an absolute target (RFC 9112 section 3.2.2); any other names no path."""
        match = _ABSOLUTE_FORM.fullmatch(self._url)
        self._url = b"/" + match[2] if match else b"*"
        if match:
            self._headers = [(name, match[1] if name == b"host" else value) for name, value in self._headers]

    # What the server calls.

    def finish(self) -> None:
        """Answer what was asked, and close."""
        if self._answering is None and not self._waiting:
            self._transport.close()

    def cut_off(self) -> None:
        """Close at once, whatever is still unsent."""
        self._forget()
        self._transport.abort()

    # Answers.

    def _refuse(self, response: Response) -> None:
        self._ended = True
        self._waiting.append(response)

    def _advance(self) -> None:
        while self._waiting and self._writable and self._answering is None:
            self._answer(self._waiting.popleft())
        self._read(self._writable and self._answering is None)

    def _answer(self, head: _Head | Response) -> None:
        if isinstance(head, Response):
            self._write(Reply(head, True), "GET", keep_alive=False)
            return
        try:
            answer = self._shared.answer(head.scope)
        except Exception:  # a fault of ours: told, and one connection is lost by it, not the server
            log.exception("a request could not be answered")
            self.cut_off()
            return
        if isinstance(answer, Reply):
            self._write(answer, head.scope["method"], keep_alive=head.keep_alive)
        else:
            self._answering = self._loop.create_task(self._answer_later(head, answer))

    async def _answer_later(self, head: _Head, answer: Awaitable[Reply]) -> None:
        try:
            reply = await answer
        except Exception:  # as above
            log.exception("a request could not be answered")
            self.cut_off()
            return
        self._answering = None
        if not self._transport.is_closing():
            self._write(reply, head.scope["method"], keep_alive=head.keep_alive)
            self._advance()

    def _write(self, reply: Reply, method: str, *, keep_alive: bool) -> None:
        self._left -= 1
        closes = reply.closes or not keep_alive or self._shared.stopping or not self._left
        self._transport.write(
            reply.response.message(self._shared.date(), closes=closes, head=method == "HEAD")
        )
        self._since = self._loop.time()
        if closes:
            self._ended = True
            self._waiting.clear()
            self._transport.close()
        elif not self._answered:
            self._answered = True
            self._set_timer(self._shared.bounds.soonest)

    def _read(self, wanted: bool) -> None:
        if wanted is self._reading or self._transport.is_closing():
            return
        self._reading = wanted
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    # Time.

    def _check_time(self) -> None:
        """Asked once for each time span, not once for each request: setting a timer costs more than this."""
        bounds = self._shared.bounds
        idle = self._answered and self._head_bytes == 0 and not self._transport.get_write_buffer_size()
        allowed = bounds.idle_seconds if idle and self._answering is None else bounds.request_seconds
        left = self._since + allowed - self._loop.time()
        if left > 0:
            self._set_timer(min(left, bounds.soonest) if self._answered else left)
        elif idle:
            self._transport.close()
        else:
            self.cut_off()

    def _set_timer(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self._check_time)

    def _forget(self) -> None:
        self._ended = True
        self._waiting.clear()
        if self._answering is not None:
            self._answering.cancel()
