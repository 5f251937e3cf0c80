"""One server that mail may go to: its connections, what it can do, how it is."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from relay.upstream.connection import Connection
from relay.upstream.connection_pool import ConnectionPool, PoolLimits
from relay.upstream.health import Backoff, Health
from relay.upstream.port import Capabilities, Unreachable
from relay.upstream.smtp_server import SmtpServer

_log = logging.getLogger("waypost.relay")

_PROBE_INTERVAL = 1.0  # seconds; how often a server that is down is asked where there is no other


class NextHop:
    """A server. The log has one line when it goes, and one when it is back; `watch` is told of both."""

    def __init__(
        self,
        server: SmtpServer,
        limits: PoolLimits,
        *,
        monotonic: Callable[[], float],
        jitter: Callable[[], float],
        watch: Callable[[Health], None],
    ) -> None:
        self.name = server.name
        self.capabilities: Capabilities | None = None  # as last seen: each new connection refreshes them
        self._server = server
        self._monotonic = monotonic
        self._backoff = Backoff(monotonic=monotonic, jitter=jitter)
        self._pool = ConnectionPool(self._connect, limits, monotonic=monotonic)
        self._probe = asyncio.Lock()
        self._next_probe = 0.0
        self._chunking_broken = False
        self._watch = watch
        watch(self.health)

    @property
    def available(self) -> bool:
        """Whether it is worth a try: it is up, or due for a probe that nobody else makes now."""
        return self._backoff.up or self._pool.has_idle or (self._backoff.due and not self._probe.locked())

    @property
    def retry_at(self) -> float:
        """When it is due, on the monotonic clock."""
        return self._backoff.retry_at

    @property
    def health(self) -> Health:
        """How it is."""
        backoff = self._backoff
        return Health(name=self.name, up=backoff.up, since=backoff.since, error=backoff.error)

    async def acquire(self, *, fresh: bool = False) -> "Lease":
        """Return a connection. Raises Busy, Unreachable.

        Where the server is down one attempt is made at a time: who comes meanwhile shares how it ends.
        """
        if self._backoff.up or (self._pool.has_idle and not fresh):
            return Lease(self, await self._pool.acquire(fresh=fresh))
        async with self._probe:
            if not self._backoff.due and self._monotonic() < self._next_probe:
                raise Unreachable(self._backoff.error)
            self._next_probe = self._monotonic() + _PROBE_INTERVAL
            return Lease(self, await self._pool.acquire(fresh=fresh))

    def release(self, connection: Connection) -> None:
        """Take a connection back."""
        self._pool.release(connection)

    def failed(self, error: str) -> None:
        """Know that it cannot be used now."""
        if self._backoff.failed(error):
            _log.warning("upstream %s cannot be used: %s", self.name, error)
            self._watch(self.health)

    def succeeded(self) -> None:
        """Know that it answers."""
        since = self._backoff.since
        if self._backoff.succeeded():
            _log.warning("upstream %s can be used again, after %d s", self.name, self._monotonic() - since)
            self._watch(self.health)

    def without_chunking(self) -> None:
        """Use DATA from now on."""
        self._chunking_broken = True

    def close(self) -> None:
        """Close what is idle."""
        self._pool.close()

    async def _connect(self) -> Connection:
        try:
            connection = await Connection.open(self._server)
        except Unreachable as error:
            self.failed(str(error))
            raise Unreachable(f"{self.name}: {error}") from error
        self._backoff.connected()
        if self._chunking_broken:
            connection.capabilities = replace(connection.capabilities, chunking=False)
        self.capabilities = connection.capabilities
        return connection


@dataclass(slots=True)
class Lease:
    """A connection, and the server it belongs to."""

    hop: NextHop
    connection: Connection

    def release(self) -> None:
        """Give it back, once."""
        self.hop.release(self.connection)
