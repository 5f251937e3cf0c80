"""The door stays open, whatever happens to one connection."""

import asyncio
import errno
import logging
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
            await acceptor.stop()
        assert adopt.failed == 1

    asyncio.run(scene())
    assert "a connection was lost" in caplog.text


def test_where_it_cannot_accept_it_waits_and_goes_on(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = [errno.EMFILE, errno.EBADF, errno.ECONNABORTED]

    async def scene() -> None:
        loop = asyncio.get_running_loop()
        accept = loop.sock_accept

        async def failing(sock: socket.socket) -> object:
            if errors:
                raise OSError(errors.pop(0), "no")
            return await accept(sock)

        monkeypatch.setattr(loop, "sock_accept", failing)
        monkeypatch.setattr("relay.acceptor.PAUSE_SECONDS", 0.001)
        adopt = Adopted()
        adopt.failed = 1
        acceptor = Acceptor(adopt, max_connections=1, max_per_address=1)
        sock, listener = bound()
        acceptor.start([(sock, listener)])
        _, client = await asyncio.open_connection(*sock.getsockname())
        (await adopt.taken.get()).close()
        client.close()
        await acceptor.stop()

    with caplog.at_level(logging.ERROR):
        asyncio.run(scene())
    assert caplog.text.count("cannot accept a connection") == 2
