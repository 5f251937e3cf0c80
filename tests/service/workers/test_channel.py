import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any

from service.workers.channel import Channel


class End:
    """One end, and what came to it."""

    def __init__(self, sock: socket.socket) -> None:
        self.came: list[object] = []
        self.sockets: list[socket.socket | None] = []
        self.closed = 0
        self.channel = Channel(sock, received=self._received, closed=self._closed)

    def _received(self, message: object, sock: socket.socket | None) -> None:
        self.came.append(message)
        self.sockets.append(sock)

    def _closed(self) -> None:
        self.closed += 1


def pair() -> tuple[socket.socket, socket.socket]:
    """Return a client that does not wait for ever, and its connection."""
    client, server = socket.socketpair()
    client.settimeout(10)
    return client, server


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what it waits for has no event
            await asyncio.sleep(0)


def play(scene: Callable[[End, End], Coroutine[Any, Any, None]]) -> None:
    async def played() -> None:
        ours, theirs = map(End, socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        try:
            await scene(ours, theirs)
        finally:
            ours.channel.close()
            theirs.channel.close()

    asyncio.run(played())


def test_messages_keep_their_borders_and_their_order_both_ways() -> None:
    async def scene(ours: End, theirs: End) -> None:
        for number in range(3):
            ours.channel.send(("down", number))
            theirs.channel.send(("up", number))
        await until(lambda: len(ours.came) == len(theirs.came) == 3)
        assert theirs.came == [("down", 0), ("down", 1), ("down", 2)]
        assert ours.came == [("up", 0), ("up", 1), ("up", 2)]
        assert theirs.sockets == [None, None, None]

    play(scene)


def test_a_connection_changes_hands_and_works_on() -> None:
    async def scene(ours: End, theirs: End) -> None:
        client, server = pair()
        ours.channel.send("yours", server)
        await until(lambda: theirs.came)
        assert server.fileno() < 0
        [adopted] = theirs.sockets
        assert adopted is not None
        with client, adopted:
            adopted.send(b"220 hello")
            assert client.recv(100) == b"220 hello"

    play(scene)


def test_what_a_busy_side_cannot_take_waits_in_order() -> None:
    async def scene(ours: End, theirs: End) -> None:
        many = 2_000
        for number in range(many):  # the loop does not run, so nobody reads
            ours.channel.send((number, "x" * 500))
        await until(lambda: len(theirs.came) == many)
        assert [message[0] for message in theirs.came if isinstance(message, tuple)] == list(range(many))
        ours.channel.send("after")
        await until(lambda: theirs.came[-1] == "after")

    play(scene)


def test_connections_that_wait_for_a_busy_side_arrive_open_and_not_twice() -> None:
    async def scene(ours: End, theirs: End) -> None:
        clients = []
        for number in range(600):
            client, server = pair()
            clients.append(client)
            ours.channel.send((number, "x" * 2_000), server)
        await until(lambda: len(theirs.came) == 600)
        for client, adopted in zip(clients, theirs.sockets, strict=True):
            assert adopted is not None
            with client, adopted:
                adopted.send(b"!")
                assert client.recv(10) == b"!"

    play(scene)


def test_the_end_of_the_other_side_is_told_once_and_what_is_sent_after_it_is_dropped() -> None:
    async def scene(ours: End, theirs: End) -> None:
        theirs.channel.send("last words")
        theirs.channel.close()
        await until(lambda: ours.closed)
        assert ours.came == ["last words"]
        client, server = pair()
        ours.channel.send("too late", server)
        with client:
            assert client.recv(10) == b""
        ours.channel.close()
        assert (ours.closed, theirs.closed) == (1, 0)

    play(scene)


def test_closing_closes_the_connections_that_still_wait() -> None:
    async def scene(ours: End, theirs: End) -> None:
        for _ in range(2_000):
            ours.channel.send("x" * 500)
        client, server = pair()
        ours.channel.send("waits", server)
        ours.channel.close()
        with client:
            assert client.recv(10) == b""

    play(scene)
