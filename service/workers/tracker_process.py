"""The parent's side of a worker of the tracker: it accepts by itself, and asks for certificates."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable

from service.settings import LogSection
from service.workers.messages import Log, Order, Ordered
from service.workers.numbers import Kind
from service.workers.process import WorkerProcess

log = logging.getLogger("waypost.certificates")

OrderFor = Callable[[str], Awaitable[int]]
"""Waits for a certificate, and returns the version of what is known of the host then; 0 is nothing."""


class TrackerProcess(WorkerProcess):
    """One worker, and the certificates that it waits for."""

    def __init__(
        self,
        kind: Kind,
        process: asyncio.subprocess.Process,
        pair_end: socket.socket,
        *,
        order: OrderFor,
    ) -> None:
        super().__init__(kind, process, pair_end)
        self._order = order
        self._orders: set[asyncio.Task[None]] = set()

    def use_log(self, section: LogSection) -> None:
        """Have it log by other settings."""
        self._channel.send(Log(section))

    def _received(self, message: object, sock: socket.socket | None) -> None:
        if isinstance(message, Order):
            task = asyncio.create_task(self._bring(message.host))
            self._orders.add(task)
            task.add_done_callback(self._orders.discard)
        else:
            super()._received(message, sock)

    async def _bring(self, host: str) -> None:
        version = 0
        try:
            version = await self._order(host)
        except Exception:  # whatever it was: clients of the worker wait for an answer
            log.exception("no certificate for %s", host)
        self._channel.send(Ordered(host, version))

    def _gone(self) -> None:
        """Nobody waits any more; orders under way go on for others."""
        super()._gone()
        for task in self._orders:
            task.cancel()
