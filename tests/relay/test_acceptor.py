"""The door stays open, whatever happens to one connection."""

import asyncio
import socket
from collections.abc import Callable

import pytest

from relay.acceptor import Acceptor, Limit
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


@pytest.mark.parametrize(
    ("most", "most_per_address", "limit", "lines"), [(2, 9, Limit.ALL, 1), (9, 2, Limit.ADDRESS, 3)]
)
def test_what_passes_a_limit_is_counted_and_told(
    most: int, most_per_address: int, limit: Limit, lines: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> None:
        adopted: asyncio.Queue[tuple[socket.socket, Callable[[], None]]] = asyncio.Queue()
        refused: list[Limit] = []
        acceptor = Acceptor(
            lambda sock, listener, on_closed: adopted.put_nowait((sock, on_closed)),
            max_connections=most,
            max_per_address=most_per_address,
            refused=refused.append,
        )
        door, listener = bound()
        acceptor.start([(door, listener)])

        async def heard(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
            said = await reader.read()
            writer.close()
            return said

        async def ends() -> None:
            sock, on_closed = await adopted.get()
            sock.close()
            on_closed()

        clients = [await asyncio.open_connection(*door.getsockname()) for _ in range(5)]
        sent_away = [await heard(*client) for client in clients[2:]]
        assert sent_away == [b"421 4.7.0 Too many connections\r\n"] * 3
        assert refused == [limit] * 3
        assert len(caplog.messages) == lines
        for client in clients[:2]:
            await ends()
            assert await heard(*client) == b""
        client = await asyncio.open_connection(*door.getsockname())
        await ends()
        assert await heard(*client) == b""
        acceptor.stop()

    asyncio.run(scene())
