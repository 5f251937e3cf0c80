"""Connections to one server, kept for the next transaction."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from relay.upstream.connection import Connection
from relay.upstream.port import Busy


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLimits:
    """Times in seconds."""

    size: int = 20  # connections in use
    wait: float = 15.0  # for one to become free
    idle: float = 60.0  # a connection that nobody used for so long is closed
    lifetime: float = 300.0  # and one that is so old; Postfix has the same
    messages: int = 100  # and one that so many transactions were begun on; 0: no limit


class ConnectionPool:
    """At most `limits.size` connections in use; who waits for one gets it in the order of asking.

    The last one given back is taken first, so that the others age and go. `connect` opens one, `monotonic`
    returns seconds.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection]],
        limits: PoolLimits,
        *,
        monotonic: Callable[[], float],
    ) -> None:
        self._connect = connect
        self._limits = limits
        self._monotonic = monotonic
        self._free = asyncio.Semaphore(limits.size)  # wakes who waits first [first in, first out]
        self._idle: list[tuple[float, Connection]] = []  # since when, oldest first
        self._opened: dict[Connection, float] = {}
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def has_idle(self) -> bool:
        """Whether a connection waits that the server has not closed."""
        self.close_stale()
        return bool(self._idle)

    async def acquire(self, *, fresh: bool = False) -> Connection:
        """Return a connection that nobody else has, until `release`. Raises Busy, Unreachable.

        With `fresh` it is a new one, and the oldest idle one goes: where one was dead, the others may be.
        """
        try:
            async with asyncio.timeout(self._limits.wait):
                await self._free.acquire()
        except TimeoutError:
            raise Busy(f"no connection became free in {self._limits.wait:g} s") from None
        self.close_stale()
        if self._idle and not fresh:
            return self._idle.pop()[1]
        if self._idle:
            self._leave(self._idle.pop(0)[1])
        return await self._fresh()

    def release(self, connection: Connection) -> None:
        """Give it back; it is closed where it cannot, or should not, be used again."""
        self._free.release()
        if self._closed or not connection.usable or self._worn(connection):
            self._leave(connection)
            return
        self._idle.append((self._monotonic(), connection))
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(self._limits.idle, self._swept)

    def close_stale(self) -> None:
        """Close what has been idle for too long, is too old, or was closed by the server."""
        oldest = self._monotonic() - self._limits.idle
        kept = []
        for since, connection in self._idle:
            if since > oldest and connection.usable and not self._worn(connection):
                kept.append((since, connection))
            else:
                self._leave(connection)
        self._idle = kept

    def close(self) -> None:
        """Close what is idle; what is in use is closed when it is released."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        for _, connection in self._idle:
            self._leave(connection)
        self._idle.clear()

    async def _fresh(self) -> Connection:
        try:
            connection = await self._connect()
        except BaseException:  # a cancelled attempt gives its place back too
            self._free.release()
            raise
        self._opened[connection] = self._monotonic()
        return connection

    def _worn(self, connection: Connection) -> bool:
        limits = self._limits
        age = self._monotonic() - self._opened[connection]
        return age >= limits.lifetime or 0 < limits.messages <= connection.transactions

    def _leave(self, connection: Connection) -> None:
        self._opened.pop(connection, None)
        connection.quit()

    def _swept(self) -> None:
        self._sweep = None
        self.close_stale()
        if self._idle:
            self._sweep = asyncio.get_running_loop().call_later(self._limits.idle, self._swept)
