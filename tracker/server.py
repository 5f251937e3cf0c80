"""The tracker on its sockets: uvicorn inside an event loop that is already running."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Sequence

from uvicorn import Server

from tracker.acceptor import Acceptor, Origin
from tracker.app import TrackerApp
from tracker.client_address import Network
from tracker.protocol import BoundedConfig, BoundedProtocol, Bounds
from tracker.tls.handshakes import Handshakes

KEEP_ALIVE_SECONDS = 5
REQUEST_SECONDS = 15.0  # the slowest phone on the worst network has sent its request by then


class _EmbeddedServer(Server):
    """uvicorn without its signal handlers: who owns the event loop decides when to stop."""

    def __init__(self, config: BoundedConfig) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


class TrackerServer:
    """Serves `app` on sockets that are bound already, and closes them in the end.

    On `tls_sockets` each connection begins with one of `handshakes`. Those that come from `proxies`, to any
    socket, begin with a PROXY header. `stop_seconds` bounds the stop: requests that are still unanswered then
    are cut off.
    """

    def __init__(
        self,
        app: TrackerApp,
        sockets: Sequence[socket.socket],
        *,
        tls_sockets: Sequence[socket.socket] = (),
        handshakes: Handshakes | None = None,
        proxies: Sequence[Network] = (),
        max_connections: int = 10_000,
        stop_seconds: float = 10,
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        self._bounds = Bounds(max_connections=max_connections, request_seconds=request_seconds)
        self._config = BoundedConfig(
            app,
            self._bounds,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="error",  # its warnings are one line for each bad request: a way to fill a disk
            access_log=False,  # paths are tokens, tokens are people
            proxy_headers=False,  # the app reads X-Forwarded-For itself, from listed networks alone
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        self._stop_seconds = stop_seconds
        self._server = _EmbeddedServer(self._config)
        # uvicorn's own listeners are faster, and hand over what begins with HTTP alone.
        self._sockets, plain = ([], list(sockets)) if proxies else (list(sockets), [])
        self._acceptor = Acceptor(self._new_protocol, self._has_room, proxies=proxies, handshakes=handshakes)
        self._accepted = (plain, list(tls_sockets))
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Return when connections are accepted. Raises OSError where a socket cannot be listened on."""
        self._serving = asyncio.create_task(self._server.serve(self._sockets), name="tracker")
        listening = asyncio.create_task(self._server.listening.wait())
        await asyncio.wait({self._serving, listening}, return_when=asyncio.FIRST_COMPLETED)
        if not listening.done():
            listening.cancel()
            await self._serving
        self._acceptor.start(*self._accepted)

    async def stop(self) -> None:
        """Accept no more, answer what was asked, and return within `stop_seconds` and a little."""
        if self._serving is None:
            return
        await self._acceptor.stop()
        self._server.should_exit = True
        # Not uvicorn's own bound: it cancels answers, and logs each as a fault of the application.
        bound = asyncio.get_running_loop().call_later(self._stop_seconds, self._cut_off)
        try:
            await self._serving
        finally:
            bound.cancel()

    def _new_protocol(self, origin: Origin) -> BoundedProtocol:
        return BoundedProtocol(self._config, self._server.server_state, {}, origin=origin)

    def _has_room(self, arriving: int) -> bool:
        return self._bounds.has_room(len(self._server.server_state.connections) + arriving + 1)

    def _cut_off(self) -> None:
        for connection in list(self._server.server_state.connections):
            if isinstance(connection, BoundedProtocol):
                connection.cut_off()
