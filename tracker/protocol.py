"""uvicorn's HTTP/1.1 protocol with the bounds that it lacks: connections, size of a head, time of a request.

Without them httptools gathers a header line of any length, and a request that is never finished, or an answer
that is never read, holds its connection for ever (slowloris).
"""

import asyncio
import logging
import re
from dataclasses import dataclass
from typing import Any

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from tracker.acceptor import Origin
from tracker.request import MAX_HEAD_BYTES, TLS
from tracker.responses import HEAD_TOO_LARGE

log = logging.getLogger("waypost.tracker")

_ABSOLUTE_FORM = re.compile(rb"(?i:https?)://([^/?#]*)/?([^#]*)")


@dataclass(slots=True, kw_only=True)
class Bounds:
    """For all connections of one server."""

    max_connections: int
    request_seconds: float  # from the connection, or the answer before, until the answer is out
    full: bool = False

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
        if not self.full:
            log.warning("%d connections are open, more are refused", self.max_connections)
        self.full = True


class BoundedConfig(Config):
    """uvicorn's settings, and ours beside them, since they are what a protocol is made with."""

    def __init__(self, app: Any, bounds: Bounds, **settings: Any) -> None:
        super().__init__(app, http=BoundedProtocol, **settings)
        self.bounds = bounds


class BoundedProtocol(HttpToolsProtocol):
    """One connection of a client."""

    def __init__(
        self,
        config: BoundedConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        origin: Origin = Origin(),  # noqa: B008 - it is frozen
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._origin = origin
        self._bounds = config.bounds
        self._head_open = True
        self._head_bytes = 0
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._answering: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self._origin.address is not None:
            self.client = (self._origin.address, 0)
        self._since = self.loop.time()
        self._timer = self.loop.call_later(self._bounds.request_seconds, self._check_time)
        if not self._bounds.has_room(len(self.connections)):
            transport.abort()

    def cut_off(self) -> None:
        """Close at once, whatever is still unsent."""
        self._forget_answer()
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._forget_answer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._head_open:
            self._head_bytes += len(data)
        super().data_received(data)
        # A complete head is measured where it is answered; this one may never be complete.
        if self._head_open and self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._refuse()

    def on_headers_complete(self) -> None:
        self._head_open = False
        self._head_bytes = 0
        if not self.url.startswith(b"/"):
            self._to_origin_form()
        if self._origin.server_name is not None:
            self.scope["extensions"] = {TLS: {"server_name": self._origin.server_name}}
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._head_open = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._since = self.loop.time()
        super().on_response_complete()

    def _to_origin_form(self) -> None:
        """Take host and path from an absolute target (RFC 9112 section 3.2.2); any other names no path."""
        match = _ABSOLUTE_FORM.fullmatch(self.url)
        self.url = b"/" + match[2] if match else b"*"
        if match:
            self.headers[:] = [(name, match[1] if name == b"host" else value) for name, value in self.headers]

    def _check_time(self) -> None:
        """Asked once for each time span, not once for each request: setting a timer costs more than this."""
        left = self._since + self._bounds.request_seconds - self.loop.time()
        if left <= 0:
            self.cut_off()
        else:
            self._timer = self.loop.call_later(left, self._check_time)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def _forget_answer(self) -> None:
        """Keep a running answer from writing to a closed transport: where requests are pipelined, uvicorn
        tells only the last of them, and logs what the others then do as a fault of the application."""
        if self._answering is not None:
            self._answering.disconnected = True

    def _refuse(self) -> None:
        self.transport.write(HEAD_TOO_LARGE.message(*self.server_state.default_headers))
        self.transport.close()
