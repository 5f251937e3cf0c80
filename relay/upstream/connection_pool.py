"""Connections to one server, kept for the next transaction."""

import asyncio
from collections.abc import Awaitable, Callable

from relay.upstream.connection import Connection
from relay.upstream.port import Busy


class ConnectionPool:
    """At most `size` connections; the last one given back is taken first, so that the others age and go.

    `connect` opens one, `monotonic` returns seconds; `wait` is how long `acquire` waits for a free one.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection]],
        *,
        size: int,
        idle_limit: float,
        wait: float,
        monotonic: Callable[[], float],
    ) -> None:
        self._connect = connect
        self._free = asyncio.Semaphore(size)
        self._idle: list[tuple[float, Connection]] = []  # since when, oldest first
        self._idle_limit = idle_limit
        self._wait = wait
        self._monotonic = monotonic
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False

    async def acquire(self) -> Connection:
        """Return a connection that nobody else has, until `release`. Raises Busy, Unreachable."""
        try:
            async with asyncio.timeout(self._wait):
                await self._free.acquire()
        except TimeoutError:
            raise Busy("no connection became free") from None
        self.close_stale()
        if self._idle:
            return self._idle.pop()[1]
        return await self._fresh()

    async def replace(self, dead: Connection) -> Connection:
        """Return a fresh connection in place of one that `acquire` gave. Raises Unreachable."""
        dead.close()
        return await self._fresh()

    def release(self, connection: Connection) -> None:
        """Give it back; it is closed where it cannot be used again."""
        self._free.release()
        if self._closed or not connection.usable:
            connection.close()
            return
        self._idle.append((self._monotonic(), connection))
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(self._idle_limit, self._swept)

    def close_stale(self) -> None:
        """Close what has been idle for too long, or was closed by the server."""
        oldest = self._monotonic() - self._idle_limit
        kept = []
        for since, connection in self._idle:
            if since > oldest and connection.usable:
                kept.append((since, connection))
            else:
                connection.quit()
        self._idle = kept

    def close(self) -> None:
        """Close what is idle; what is in use is closed when it is released."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        for _, connection in self._idle:
            connection.quit()
        self._idle.clear()

    async def _fresh(self) -> Connection:
        try:
            return await self._connect()
        except BaseException:  # a cancelled attempt gives its place back too
            self._free.release()
            raise

    def _swept(self) -> None:
        self._sweep = None
        self.close_stale()
        if self._idle:
            self._sweep = asyncio.get_running_loop().call_later(self._idle_limit, self._swept)
