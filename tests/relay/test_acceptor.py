"""The door stays open, whatever happens to one connection."""

import asyncio
import socket
from collections.abc import Callable

import pytest

from relay.acceptor import Acceptor
from relay.listener import Listener, parse_listener


class Adopted:
    """Takes connections, after one that it fails at."""

    def __init__(self) -> None:
        self.failed = 0
        self.taken: asyncio.Queue[socket.socket] = asyncio.Queue()

    def __call__(self, sock: socket.socket, listener: Listener, on_closed: Callable[[], None]) -> None:
        if not self.failed:
            self.failed += 1
            raise RuntimeError("no")
        self.taken.put_nowait(sock)


def bound() -> tuple[socket.socket, Listener]:
    return socket.create_server(("127.0.0.1", 0)), parse_listener("127.0.0.1:2525", certificate=False)


def test_a_fault_with_one_connection_closes_that_one_alone(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        adopt = Adopted()
        acceptor = Acceptor(adopt, max_connections=1, max_per_address=1)
        sock, listener = bound()
        acceptor.start([(sock, listener)])
        address = sock.getsockname()
        try:
            reader, writer = await asyncio.open_connection(*address)
            assert await reader.read() == b""
            writer.close()
            _, second = await asyncio.open_connection(*address)
            (await adopt.taken.get()).close()  # the first does not count among those that are open
            second.close()
        finally:
            acceptor.stop()
        assert adopt.failed == 1

    asyncio.run(scene())
    assert "a connection was lost" in caplog.text
