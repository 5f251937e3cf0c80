"""A tracker on a real socket, in a thread with an event loop of its own, and clients that speak raw bytes."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import uvloop

from connections.client_address import Network
from events.model import Hit
from tests.tracker.asking import Asking
from tracker import TrackerServer
from tracker.tls.handshakes import Handshakes

PATIENCE = 10.0  # seconds that a test waits before it fails


@dataclass
class Serving:
    """A running tracker. `hits` are what it wrote down."""

    port: int
    tls_port: int
    server: TrackerServer
    loop: asyncio.AbstractEventLoop
    hits: list[Hit] = field(default_factory=list)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def wait_until_all_are_gone(self) -> None:
        """Wait until the server has no connection left."""
        self.wait_until(lambda s: not s._connections.open and not s._acceptor._arriving)

    def wait_until(self, reached: Callable[[TrackerServer], bool]) -> None:
        """Wait until something holds of the server, looked at in its own loop."""

        async def wait() -> None:
            while not reached(self.server):  # noqa: ASYNC110 - there is no event for it
                await asyncio.sleep(0.01)

        asyncio.run_coroutine_threadsafe(wait(), self.loop).result(PATIENCE)

    def exchange(self, request: bytes, *, then_end: bool = False) -> bytes:
        """Send `request` on a connection of its own and return all that comes until the server closes it."""
        with self.connect() as client:
            client.sendall(request)
            if then_end:
                client.shutdown(socket.SHUT_WR)
            return everything(client)


def flood(client: socket.socket, request: bytes) -> None:
    """Send `request` again and again, reading nothing, until no more can be sent."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(0.2)
    with contextlib.suppress(TimeoutError, ConnectionError):
        while True:
            client.sendall(request * 100)


def everything(client: socket.socket) -> bytes:
    """Read until the other end closes; a reset ends it too."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := client.recv(65536):
            received += chunk
    return received


def answer(client: socket.socket) -> bytes:
    """Read one answer: its head, and what of its body comes with it."""
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = client.recv(65536)
        assert chunk, f"closed after {received!r}"
        received += chunk
    return received


@contextlib.contextmanager
def serving(
    *,
    handshakes: Handshakes | None = None,
    proxies: Sequence[Network] = (),
    max_connections: int = 100,
    stop_seconds: float = 5,
    request_seconds: float = PATIENCE,
    kept_requests: int = 1_000_000,
) -> Iterator[Serving]:
    """Serve until the end of the block; a fault of the server is raised there."""
    asking = Asking()
    ready = threading.Event()
    running: list[Serving] = []
    stops: list[Callable[[], object]] = []
    faults: list[BaseException] = []

    async def serve() -> None:
        sock, secure = (socket.create_server(("127.0.0.1", 0)) for _ in range(2))
        server = TrackerServer(
            asking.app(),
            [sock],
            tls_sockets=[secure] if handshakes else [],
            handshakes=handshakes,
            proxies=proxies,
            max_connections=max_connections,
            stop_seconds=stop_seconds,
            request_seconds=request_seconds,
            kept_requests=kept_requests,
        )
        await server.start()
        loop = asyncio.get_running_loop()
        stopping = asyncio.Event()
        running.append(Serving(sock.getsockname()[1], secure.getsockname()[1], server, loop, asking.hits))
        stops.append(lambda: loop.call_soon_threadsafe(stopping.set))
        ready.set()
        await stopping.wait()
        await server.stop()
        secure.close()

    def run() -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(serve())
        except BaseException as fault:  # noqa: BLE001 - raised again in the test's thread
            faults.append(fault)
        finally:
            ready.set()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(PATIENCE)
    try:
        yield running[0]
    finally:
        for stop in stops:
            stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()
        assert faults == []
