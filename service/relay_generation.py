"""A generation: the relay with one reading of the settings.

A reload starts another generation for the connections to come. The old one keeps those that it has, until
they end by themselves, so that no connection is dropped for new settings.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Protocol

from relay.listener import Listener
from relay.server import Relay


class Generation(Protocol):
    """Here, or in worker processes."""

    @property
    def takes(self) -> bool:
        """Whether it takes connections now."""

    async def start(self) -> None:
        """Return once it takes connections. Raises OperatorError."""

    def adopt(self, sock: socket.socket, listener: Listener, on_closed: Callable[[], None]) -> None:
        """Take an accepted connection; call `on_closed` once when it has ended."""

    async def retire(self) -> None:
        """Return when the last connection has ended; none is given any more."""

    async def stop(self, grace: float) -> None:
        """End within `grace` seconds and a little; none is given any more.

        Another call with fewer hurries the first.
        """


class LocalRelay:
    """The relay in this process and loop. `grace`: seconds for deliveries that outlive their client."""

    def __init__(self, relay: Relay, *, grace: float) -> None:
        self._relay = relay
        self._grace = grace
        self._open = 0
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def takes(self) -> bool:
        """It is here, so it does."""
        return True

    async def start(self) -> None:
        """There is nothing to wait for."""

    def adopt(self, sock: socket.socket, listener: Listener, on_closed: Callable[[], None]) -> None:
        """Give it to the relay."""
        self._open += 1
        self._empty.clear()
        self._relay.adopt(sock, listener, lambda: self._closed(on_closed))

    async def retire(self) -> None:
        """Wait for the last client, and for deliveries that outlive theirs."""
        await self._empty.wait()
        await self._relay.stop(self._grace)

    async def stop(self, grace: float) -> None:
        """Stop the relay."""
        await self._relay.stop(grace)

    def _closed(self, on_closed: Callable[[], None]) -> None:
        self._open -= 1
        if not self._open:
            self._empty.set()
        on_closed()
