"""Counts connections by the address that they come from."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Crowded(Exception):
    """So many connections of one address are open already."""


class AddressLimit:
    """Lets so many connections of one address in at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: Counter[str] = Counter()

    def enter(self, address: str) -> bool:
        """Count a connection, unless there are too many."""
        if self._open[address] >= self._most:
            return False
        self._open[address] += 1
        return True

    @contextmanager
    def place(self, address: str) -> Iterator[None]:
        """Count a connection while the block lasts. Raises Crowded."""
        if not self.enter(address):
            raise Crowded
        try:
            yield
        finally:
            self.leave(address)

    def leave(self, address: str) -> None:
        """Count one less."""
        self._open[address] -= 1
        if not self._open[address]:
            del self._open[address]
