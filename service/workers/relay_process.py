"""The parent's side of the relay's workers: each connection goes to the one with the fewest."""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Final

from relay.acceptor import refuse
from relay.listener import Listener
from relay.replies import Reply
from service.workers.messages import Adopt, Closed
from service.workers.numbers import Kind
from service.workers.pool import WorkerPool
from service.workers.process import WorkerProcess

log = logging.getLogger("waypost.service")

UNAVAILABLE: Final = Reply(421, "4.3.2", "Not available now, try again later")


class RelayProcess(WorkerProcess):
    """One worker and the connections that it was given."""

    def __init__(self, kind: Kind, process: asyncio.subprocess.Process, pair_end: socket.socket) -> None:
        super().__init__(kind, process, pair_end)
        self._connections: dict[int, Callable[[], None]] = {}
        self._numbered = 0

    @property
    def connected(self) -> int:
        """How many clients it has."""
        return len(self._connections)

    def adopt(self, sock: socket.socket, listener: Listener, on_closed: Callable[[], None]) -> None:
        """Give it an accepted connection. Raises OSError where the kernel passes no more descriptors on."""
        self._numbered += 1
        self._channel.send(Adopt(connection=self._numbered, listener=listener), sock)
        self._connections[self._numbered] = on_closed

    def _received(self, message: object, sock: socket.socket | None) -> None:
        if isinstance(message, Closed):
            self._connections.pop(message.connection)()
        else:
            super()._received(message, sock)

    def _gone(self) -> None:
        """Forget its clients: their connections ended with it."""
        super()._gone()
        while self._connections:
            self._connections.popitem()[1]()


class RelayPool(WorkerPool[RelayProcess]):
    """A generation of the relay in several processes."""

    def adopt(self, sock: socket.socket, listener: Listener, on_closed: Callable[[], None]) -> None:
        """Hand the connection to the worker with the fewest; send it away where there is none."""
        takers = [worker for worker in self.workers if worker.takes]
        try:
            if takers:
                min(takers, key=lambda worker: worker.connected).adopt(sock, listener, on_closed)
                return
        except OSError as error:  # ETOOMANYREFS: too many descriptors are under way
            log.error("a connection could not be handed to a worker: %s", error.strerror)
        refuse(sock, listener, UNAVAILABLE)
        on_closed()
