"""What a live connection does only now and then, done on purpose with a transport of our own."""

import asyncio
from typing import Any

import pytest
from uvicorn.server import ServerState

from tests.tracker.asking import CLICK_PATH, Asking
from tracker.protocol import BoundedConfig, BoundedProtocol, Bounds

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


def connected(max_connections: int = 10) -> tuple[BoundedProtocol, Transport]:
    bounds = Bounds(max_connections=max_connections, request_seconds=1000)
    config = BoundedConfig(
        Asking().app(),
        bounds,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        proxy_headers=False,
    )
    protocol = BoundedProtocol(config, ServerState(), {}, asyncio.get_running_loop())
    transport = Transport()
    protocol.connection_made(transport)
    return protocol, transport


async def answered() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


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
