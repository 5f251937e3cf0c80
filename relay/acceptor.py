"""Accepts connections in this process, and hands each to the relay."""

import logging
import socket
from collections import Counter
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import partial
from typing import Protocol

from connections.accepting import Door
from relay.envelope import LOCAL
from relay.listener import Listener, Tls
from relay.replies import Reply

_log = logging.getLogger("waypost.relay")

BACKLOG = 512  # connections that wait to be accepted
_TOO_MANY = Reply(421, "4.7.0", "Too many connections")


class Adopt(Protocol):
    """Takes over an accepted connection, and calls `on_closed` once when it has ended."""

    def __call__(self, sock: socket.socket, listener: Listener, on_closed: Callable[[], None]) -> None: ...


class Limit(StrEnum):
    """What a connection would have passed."""

    ALL = "all"
    ADDRESS = "address"


class Acceptor:
    """Counts connections, in all and by address, and refuses those beyond the limits, of which it tells.

    `is_proxy` tells of an address that it speaks for others: those are counted by whoever reads the PROXY
    header, and here only in all.
    """

    def __init__(
        self,
        adopt: Adopt,
        *,
        max_connections: int,
        max_per_address: int,
        is_proxy: Callable[[str], bool] = lambda address: False,
        refused: Callable[[Limit], object] = lambda limit: None,
    ) -> None:
        self._refused = refused
        self._open = 0
        self._full = False
        self._by_address: Counter[str] = Counter()
        self._doors: list[Door] = []
        self._listeners: tuple[Listener, ...] = ()
        self.renew(adopt, max_connections=max_connections, max_per_address=max_per_address, is_proxy=is_proxy)

    def renew(
        self,
        adopt: Adopt,
        *,
        max_connections: int,
        max_per_address: int,
        is_proxy: Callable[[str], bool] = lambda address: False,
        listeners: tuple[Listener, ...] | None = None,
    ) -> None:
        """Give connections from now on to another, by other limits; `listeners` one for each bound socket."""
        self._adopt = adopt
        self._max_connections = max_connections
        self._max_per_address = max_per_address
        self._is_proxy = is_proxy
        self._listeners = listeners or self._listeners

    def start(self, bound: Iterable[tuple[socket.socket, Listener]]) -> None:
        """Accept on bound sockets, which belong to the acceptor from then on."""
        sockets, self._listeners = zip(*bound, strict=True)
        self._doors = [
            Door(sock, partial(self._take, index), backlog=BACKLOG) for index, sock in enumerate(sockets)
        ]

    def stop(self) -> None:
        """Accept no more, and close the sockets; connections go on."""
        for door in self._doors:
            door.close()
        self._doors.clear()

    def _take(self, index: int, connection: socket.socket, address: str) -> None:
        listener = self._listeners[index]
        counted = "" if not address or self._is_proxy(address) else address
        if limit := self._limit(counted):
            self._tell(limit, counted, address or LOCAL)
            refuse(connection, listener, _TOO_MANY)
            return
        self._open += 1
        self._by_address[counted] += 1
        try:
            self._adopt(connection, listener, partial(self._ended, counted))
        except BaseException:
            self._ended(counted)
            raise

    def _limit(self, counted: str) -> Limit | None:
        if self._open >= self._max_connections:
            return Limit.ALL
        if self._open < 0.9 * self._max_connections:
            self._full = False
        return Limit.ADDRESS if counted and self._by_address[counted] >= self._max_per_address else None

    def _tell(self, limit: Limit, counted: str, address: str) -> None:
        """Say it once where there is room for nobody, until there is again: lines could fill the disk."""
        self._refused(limit)
        refused = f"a connection from {address} was refused"
        if limit is Limit.ADDRESS:
            _log.warning("%s: %d are open, the most of one address", refused, self._by_address[counted])
        elif not self._full:
            self._full = True
            _log.warning("%s: %d are open, the most of all clients", refused, self._open)

    def _ended(self, counted: str) -> None:
        self._open -= 1
        self._by_address[counted] -= 1
        if not self._by_address[counted]:
            del self._by_address[counted]


def refuse(connection: socket.socket, listener: Listener, reply: Reply) -> None:
    """Send a client away, saying why where it can be said without a TLS handshake."""
    with connection:
        connection.setblocking(False)
        if listener.tls is not Tls.IMPLICIT:
            try:
                connection.send(reply.encode())
            except OSError:
                return  # it is gone already
