"""What a live connection does only now and then, done on purpose with a transport of our own."""

import asyncio
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import pytest

from tests.tracker.asking import CLICK_PATH, Asking
from tracker.app import Answering, Reply
from tracker.protocol import Bounds, Connections, HttpConnection
from tracker.request import Scope
from tracker.responses import HEALTHY, ROBOTS

Answer = Callable[[Scope], Answering]
REQUEST = f"GET {CLICK_PATH} HTTP/1.1\r\nHost: track.example.com\r\n\r\n".encode()


class Transport(asyncio.Transport):
    """Refuses to write once it is closed, as uvloop's does."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        if self.closed:
            raise RuntimeError("the handler is closed")
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close

    def pause_reading(self) -> None:
        pass

    resume_reading = pause_reading

    def get_write_buffer_size(self) -> int:
        return 0


def connected(max_connections: int = 10) -> tuple[HttpConnection, Transport]:
    bounds = Bounds(max_connections=max_connections, request_seconds=1000)
    protocol = HttpConnection(Connections(answer=Asking().app().answer, bounds=bounds))
    transport = Transport()
    protocol.connection_made(transport)
    return protocol, transport


async def answered() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_the_date_is_that_of_http(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = Connections(answer=Asking().app().answer, bounds=Bounds(max_connections=1, request_seconds=1))
    for second in (0, 951_782_400.7, 1_790_000_000, 1_798_761_599):
        monkeypatch.setattr("tracker.protocol.time.time", lambda second=second: second)
        assert shared.date() == f"date: {formatdate(second, usegmt=True)}\r\n".encode()


def test_answers_come_one_after_the_other() -> None:
    async def scenario() -> None:
        protocol, transport = connected()
        protocol.data_received(REQUEST * 3)
        await answered()
        assert b"".join(transport.written).count(b"HTTP/1.1 302 Found") == 3
        protocol.connection_lost(None)

    asyncio.run(scenario())


@pytest.mark.parametrize("by_us", [True, False])
def test_no_answer_is_written_to_a_connection_that_is_gone(
    by_us: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        protocol, transport = connected()
        protocol.pause_writing()
        protocol.data_received(REQUEST * 3)
        await answered()
        if by_us:
            protocol.cut_off()
        transport.close()
        protocol.connection_lost(None)
        await answered()
        assert transport.written == []

    asyncio.run(scenario())
    assert caplog.records == []


def test_a_head_in_pieces_is_measured_as_a_whole() -> None:
    async def scenario() -> None:
        protocol, transport = connected()
        protocol.data_received(REQUEST * 200)  # more than a head may be, but many heads
        await answered()
        assert not transport.closed
        protocol.data_received(b"GET /")
        for _ in range(16):
            assert not transport.closed
            protocol.data_received(b"a" * 1024)
        assert transport.closed
        assert transport.written[-1].startswith(b"HTTP/1.1 431 ")
        protocol.connection_lost(None)

    asyncio.run(scenario())


PATH = "/.well-known/acme-challenge/token"
CHALLENGE = f"GET {PATH} HTTP/1.1\r\nHost: track.example.com\r\n\r\n".encode()


def answering(answer: Answer) -> tuple[HttpConnection, Transport]:
    bounds = Bounds(max_connections=10, request_seconds=1000)
    protocol = HttpConnection(Connections(answer=answer, bounds=bounds))
    transport = Transport()
    protocol.connection_made(transport)
    return protocol, transport


def test_an_answer_that_is_waited_for_keeps_its_place() -> None:
    async def scenario() -> None:
        ready = asyncio.Event()

        async def later() -> Reply:
            await ready.wait()
            return Reply(ROBOTS, closes=False)

        protocol, transport = answering(
            lambda scope: later() if scope["raw_path"] == PATH.encode() else Reply(HEALTHY, closes=False)
        )
        protocol.data_received(REQUEST + CHALLENGE + REQUEST)
        protocol.data_received(REQUEST)
        await answered()
        assert len(transport.written) == 1
        ready.set()
        await answered()
        bodies = [message.partition(b"\r\n\r\n")[2] for message in transport.written]
        assert bodies == [HEALTHY.body, ROBOTS.body, HEALTHY.body, HEALTHY.body]
        protocol.connection_lost(None)

    asyncio.run(scenario())


@pytest.mark.parametrize("by_us", [True, False])
def test_an_answer_that_is_waited_for_is_given_up_with_its_connection(by_us: bool) -> None:
    async def scenario() -> None:
        given_up = asyncio.Event()

        async def never() -> Reply:
            try:
                await asyncio.Event().wait()
            finally:
                given_up.set()
            raise AssertionError

        protocol, transport = answering(lambda scope: never())
        protocol.data_received(CHALLENGE)
        await answered()
        if by_us:
            protocol.cut_off()
        protocol.connection_lost(None)
        await answered()
        assert given_up.is_set()
        assert transport.written == []

    asyncio.run(scenario())


async def failing_later() -> Reply:
    raise LookupError


def failing(scope: object) -> Reply:
    raise LookupError


@pytest.mark.parametrize("answer", [failing, lambda scope: failing_later()], ids=["at once", "later"])
def test_a_fault_of_ours_costs_one_connection(answer: Answer, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        protocol, transport = answering(answer)
        protocol.data_received(REQUEST * 2)
        await answered()
        assert (transport.closed, transport.written) == (True, [])
        protocol.connection_lost(None)

    asyncio.run(scenario())
    assert [record.getMessage() for record in caplog.records] == ["a request could not be answered"]
    assert CLICK_PATH not in caplog.text


def test_a_stop_lets_an_answer_that_is_waited_for_go_out_and_ends_with_it() -> None:
    async def scenario() -> None:
        ready = asyncio.Event()

        async def later() -> Reply:
            await ready.wait()
            return Reply(HEALTHY, closes=False)

        shared = Connections(
            answer=lambda scope: later(), bounds=Bounds(max_connections=1, request_seconds=1000)
        )
        protocol, transport = HttpConnection(shared), Transport()
        protocol.connection_made(transport)
        protocol.data_received(CHALLENGE)
        shared.stopping = True
        protocol.finish()
        assert not transport.closed
        ready.set()
        await answered()
        assert transport.closed
        assert b"connection: close" in transport.written[0]
        protocol.connection_lost(None)

    asyncio.run(scenario())


def test_nothing_after_a_connections_last_request_is_answered() -> None:
    async def scenario() -> None:
        protocol, transport = connected()
        last = REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        protocol.data_received(REQUEST + last + REQUEST)
        await answered()
        assert len(transport.written) == 2
        assert transport.closed
        protocol.data_received(REQUEST)
        assert len(transport.written) == 2
        protocol.connection_lost(None)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("sent", "idle_seconds", "request_seconds"),
    [(REQUEST, 0.01, 1000), (REQUEST + b"GET", 0.01, 0.02), (b"", 1000, 0.01), (b"GET /", 1000, 0.01)],
    ids=["idle", "half of a second request", "nothing at all", "half of a request"],
)
def test_a_connection_without_a_whole_request_is_ended(
    sent: bytes, idle_seconds: float, request_seconds: float
) -> None:
    async def scenario() -> None:
        bounds = Bounds(max_connections=1, request_seconds=request_seconds, idle_seconds=idle_seconds)
        protocol, transport = (
            HttpConnection(Connections(answer=Asking().app().answer, bounds=bounds)),
            Transport(),
        )
        protocol.connection_made(transport)
        if sent:
            protocol.data_received(sent)
        assert not transport.closed
        async with asyncio.timeout(10):
            while not transport.closed:  # noqa: ASYNC110 - there is no event for it
                await asyncio.sleep(0.005)
        protocol.connection_lost(None)

    asyncio.run(scenario())
