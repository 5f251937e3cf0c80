"""A server on this machine made distant: what goes through arrives half a round trip later, in order.

python -m benchmarks.distant_server PORT SERVER_PORT ROUND_TRIP_MS
"""

import asyncio
import sys
from collections.abc import Callable
from typing import cast

import uvloop


class _Side(asyncio.Protocol):
    """One end; what it hears goes to the other end after the delay."""

    def __init__(self, delay: float, other: "_Side | None" = None) -> None:
        self._delay = delay
        self._other = other
        self._transport: asyncio.Transport | None = None
        self._kept: list[Callable[[], None]] = []  # what came before the connection stood

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        for say in self._kept:
            say()

    def data_received(self, data: bytes) -> None:
        self._later(lambda other: other.say(data))

    def connection_lost(self, error: Exception | None) -> None:
        self._later(lambda other: other.close())

    def join(self, other: "_Side") -> None:
        self._other = other

    def say(self, data: bytes) -> None:
        if self._transport is None:
            self._kept.append(lambda: self.say(data))
        elif not self._transport.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        if self._transport is None:
            self._kept.append(self.close)
        else:
            self._transport.close()

    def _later(self, do: Callable[["_Side"], None]) -> None:
        assert self._other is not None
        asyncio.get_running_loop().call_later(self._delay, do, self._other)


async def main(port: int, server_port: int, round_trip: float) -> None:
    loop = asyncio.get_running_loop()
    tasks = set()

    def accept() -> _Side:
        client = _Side(round_trip / 2)
        server = _Side(round_trip / 2, client)
        client.join(server)
        task = loop.create_task(loop.create_connection(lambda: server, "127.0.0.1", server_port))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return client

    listening = await loop.create_server(accept, "127.0.0.1", port)
    await listening.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) / 1000))
