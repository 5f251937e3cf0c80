"""The tracker on its sockets, inside an event loop that is already running."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from connections.client_address import Network
from tracker.acceptor import BACKLOG, Acceptor, Origin
from tracker.app import TrackerApp
from tracker.protocol import KEPT_REQUESTS, Bounds, Connections, HttpConnection
from tracker.tls.handshakes import Handshakes

REQUEST_SECONDS: Final = 15.0  # the slowest phone on the worst network has sent its request by then
LOOK_SECONDS: Final = 0.01  # between two looks whether the last connection has ended, at a stop


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
        kept_requests: int = KEPT_REQUESTS,
        refused: Callable[[], object] = lambda: None,
    ) -> None:
        """`refused` is told of each connection beyond `max_connections`."""
        bounds = Bounds(
            max_connections=max_connections,
            request_seconds=request_seconds,
            kept_requests=kept_requests,
            refused=refused,
        )
        self._connections = Connections(answer=app.answer, bounds=bounds)
        self._stop_seconds = stop_seconds
        # The loop's own listeners are faster, and hand over what begins with HTTP alone.
        self._sockets, plain = ([], list(sockets)) if proxies else (list(sockets), [])
        self._acceptor = Acceptor(
            self._new_connection, self._has_room, proxies=proxies, handshakes=handshakes
        )
        self._accepted = (plain, list(tls_sockets))
        self._servers: list[asyncio.Server] = []

    async def start(self) -> None:
        """Return when connections are accepted. Raises OSError where a socket cannot be listened on."""
        loop = asyncio.get_running_loop()
        for sock in self._sockets:
            new_connection = partial(HttpConnection, self._connections)
            self._servers.append(await loop.create_server(new_connection, sock=sock, backlog=BACKLOG))
        self._acceptor.start(*self._accepted)

    async def stop(self) -> None:
        """Accept no more, answer what was asked, and return within `stop_seconds` and a little."""
        for server in self._servers:
            server.close()
        await self._acceptor.stop()
        self._connections.stopping = True
        for connection in list(self._connections.open):
            connection.finish()
        try:
            async with asyncio.timeout(self._stop_seconds):
                await self._until_all_are_gone()
        except TimeoutError:
            for connection in list(self._connections.open):
                connection.cut_off()
            await self._until_all_are_gone()

    async def _until_all_are_gone(self) -> None:
        while self._connections.open:  # noqa: ASYNC110 - an event would cost each connection, for one stop
            await asyncio.sleep(LOOK_SECONDS)

    def _new_connection(self, origin: Origin) -> HttpConnection:
        return HttpConnection(self._connections, origin)

    def _has_room(self, arriving: int) -> bool:
        return self._connections.bounds.has_room(len(self._connections.open) + arriving + 1)
