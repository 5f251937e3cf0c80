import asyncio
import errno
import logging
import socket

import pytest

from connections.accepting import Door


class Failing(socket.socket):
    """Has errors before it accepts."""

    errors: tuple[int, ...] = ()

    def accept(self) -> tuple[socket.socket, object]:
        if self.errors:
            first, *self.errors = self.errors  # type: ignore[assignment]
            raise OSError(first, "no")
        return super().accept()


def bound() -> Failing:
    sock = Failing()
    sock.bind(("127.0.0.1", 0))
    return sock


async def taken_by(door_of: Failing, *, refused: int = 0) -> str:
    """Connect once and a few times more; return the address of the connection that was taken in the end."""
    taken: asyncio.Queue[tuple[socket.socket, str]] = asyncio.Queue()
    left = refused

    def take(connection: socket.socket, address: str) -> None:
        nonlocal left
        if left:
            left -= 1
            raise ValueError
        taken.put_nowait((connection, address))

    door = Door(door_of, take, backlog=8)
    clients = [await asyncio.open_connection(*door_of.getsockname()) for _ in range(1 + refused)]
    connection, address = await asyncio.wait_for(taken.get(), 10)
    connection.close()
    for _, client in clients:
        client.close()
    door.close()
    return address


def test_each_connection_comes_with_its_address() -> None:
    assert asyncio.run(taken_by(bound())) == "127.0.0.1"


def test_a_connection_that_cannot_be_taken_costs_no_other(caplog: pytest.LogCaptureFixture) -> None:
    assert asyncio.run(taken_by(bound(), refused=2))
    assert caplog.text.count("a connection was lost") == 2


def test_where_it_cannot_accept_it_waits_and_goes_on(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connections.accepting.PAUSE_SECONDS", 0.001)
    sock = bound()
    sock.errors = (errno.EMFILE, errno.EBADF, errno.ECONNABORTED)
    with caplog.at_level(logging.ERROR):
        asyncio.run(taken_by(sock))
    assert caplog.text.count("cannot accept a connection") == 2


def test_closed_while_it_waits_it_stays_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        sock = bound()
        sock.errors = (errno.EMFILE,)
        door = Door(sock, lambda *_: pytest.fail("taken"), backlog=1)
        _, client = await asyncio.open_connection(*sock.getsockname())
        while sock.errors:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0)
        door.close()
        client.close()
        assert sock.fileno() == -1

    asyncio.run(scene())
