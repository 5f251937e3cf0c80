import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.replies import Reply
from relay.upstream.port import ConnectionLost
from relay.upstream.wire import MAX_REPLY, Wire


class Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = ""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return bool(self.closed)

    def abort(self) -> None:
        self.closed = "aborted"

    def close(self) -> None:
        self.closed = "closed"


def on_wire(play: Callable[[Wire, Transport], object]) -> None:
    async def scene() -> None:
        wire, transport = Wire(), Transport()
        wire.connection_made(transport)
        wire.data_received(b"220 hello\r\n")
        assert (await wire.reply()).code == 220
        result = play(wire, transport)
        if asyncio.iscoroutine(result):
            await result

    asyncio.run(scene())


@given(st.lists(st.integers(1, 40)))
def test_pieces_do_not_matter(sizes: list[int]) -> None:
    stream = b"250-one\r\n250-two\r\n250 three\r\n550 5.1.1 no\r\n354 go\r\n250 2.0.0 ok\r\n"

    async def play(wire: Wire, transport: Transport) -> None:
        wire.write(b"a\r\nb\r\nDATA\r\n", replies=3)
        rest = stream
        for size in sizes:
            wire.data_received(rest[:size])
            rest = rest[size:]
        wire.data_received(rest)
        assert [(await wire.reply()).line() for _ in range(4)] == [
            "250 one two three",
            "550 5.1.1 no",
            "354 go",
            "250 2.0.0 ok",
        ]
        assert wire.in_step

    on_wire(play)


def test_what_was_said_before_the_end_is_heard() -> None:
    async def play(wire: Wire, transport: Transport) -> None:
        wire.write(b"a\r\n", replies=2)
        wire.data_received(b"552 5.3.4 too much\r\n")
        wire.connection_lost(None)
        assert await wire.reply() == Reply(552, "5.3.4", "too much")
        with pytest.raises(ConnectionLost, match="the server closed the connection"):
            await wire.reply()

    on_wire(play)


def test_a_reply_that_nobody_asked_for_ends_it_and_is_told() -> None:
    async def play(wire: Wire, transport: Transport) -> None:
        assert wire.in_step
        wire.data_received(b"421 4.4.2 idle for too long\r\n")
        assert not wire.in_step
        with pytest.raises(ConnectionLost, match=r"the server said 421 4\.4\.2 idle for too long"):
            wire.write(b"MAIL\r\n", replies=1)
        assert transport.written == b""

    on_wire(play)


@pytest.mark.parametrize(
    "nonsense",
    [b"hello\r\n", b"\r\n", b"99 x\r\n", b"250_x\r\n", b"150 x\r\n", b"250-a\r\n550 b\r\n", b"\xff\x00\r\n"],
)
def test_nonsense_ends_it(nonsense: bytes) -> None:
    async def play(wire: Wire, transport: Transport) -> None:
        wire.write(b"a\r\n", replies=1)
        wire.data_received(nonsense)
        assert transport.closed
        with pytest.raises(ConnectionLost, match="nonsense") as lost:
            await wire.reply()
        assert str(lost.value).isprintable()

    on_wire(play)


@pytest.mark.parametrize("flood", [b"x" * (MAX_REPLY + 1), b"250-" + b"x" * 60 + b"\r\n"])
def test_a_reply_without_end_is_cut(flood: bytes) -> None:
    def play(wire: Wire, transport: Transport) -> None:
        wire.write(b"a\r\n", replies=1)
        for _ in range(MAX_REPLY // len(flood) + 20):
            wire.data_received(flood)
        assert transport.closed

    on_wire(play)


def test_quit_says_so_and_close_does_not() -> None:
    def leave(wire: Wire, transport: Transport) -> None:
        wire.quit()
        assert (transport.written, transport.closed) == (b"QUIT\r\n", "closed")
        wire.quit()
        assert transport.written == b"QUIT\r\n"

    def cut(wire: Wire, transport: Transport) -> None:
        wire.close()
        assert (transport.written, transport.closed) == (b"", "aborted")

    on_wire(leave)
    on_wire(cut)


def test_a_full_buffer_is_waited_for_and_an_end_frees_who_waits() -> None:
    async def play(wire: Wire, transport: Transport) -> None:
        await wire.drain()
        wire.pause_writing()
        first = asyncio.create_task(wire.drain())
        await asyncio.sleep(0)
        assert not first.done()
        wire.resume_writing()
        await first
        wire.pause_writing()
        second = asyncio.create_task(wire.drain())
        await asyncio.sleep(0)
        wire.connection_lost(OSError("reset"))
        await second

    on_wire(play)


def test_a_transport_that_is_failing_takes_nothing_more() -> None:
    """asyncio tells of a failed send in the next round of the loop; what is written till then is lost."""

    def play(wire: Wire, transport: Transport) -> None:
        transport.closed = "failing"
        with pytest.raises(ConnectionLost):
            wire.write(b"x", replies=1)

    on_wire(play)


@pytest.mark.parametrize("injected", [b"250-evil\r\n", b"250 ev", b"250-evil\r\n250 ev"])
def test_nothing_said_in_clear_is_heard_over_tls(injected: bytes) -> None:
    async def play(wire: Wire, transport: Transport) -> None:
        wire.data_received(injected)
        wire.encrypting(Transport())
        wire.write(b"EHLO x\r\n", replies=1)
        wire.data_received(b"250 good\r\n")
        assert await wire.raw_reply() == (250, "good")

    on_wire(play)
