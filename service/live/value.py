"""A value as the database last had it, for what is small enough to be read whole after each change."""

import logging
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from domains.errors import StoreUnavailable
from service.alarm import Alarm

log = logging.getLogger("waypost.service")

T = TypeVar("T")


class Versioned(Protocol):
    """What it is read from."""

    def version(self) -> int:
        """Return a number that grows with every committed change. Raises StoreUnavailable."""


class LiveValue(Generic[T]):
    """Used from the next reading on, and for as long as the database is away."""

    def __init__(
        self,
        name: str,
        store: Versioned,
        read: Callable[[], T],
        *,
        seed: T | None = None,
        changed: Callable[[T, T], None] = lambda before, after: None,
    ) -> None:
        """Begin with a reading, or with `seed`; `changed` is told each change, what was before first.

        `read` may raise StoreUnavailable. Raises domains.errors.StoreUnavailable without a seed.
        """
        self._store = store
        self._read_value = read
        self._changed = changed
        self._alarm = Alarm(log, name)
        self._version = -1
        if seed is None:
            self._version = store.version()
        self.current: T = read() if seed is None else seed

    @property
    def was_read(self) -> bool:
        """Whether it is what the database had, not the seed."""
        return self._version >= 0

    def refresh(self) -> None:
        """Read it again where it changed."""
        try:
            # The version first: a change in between is then seen again at the next reading, not missed.
            version = self._store.version()
            if version != self._version:
                before, self.current = self.current, self._read_value()
                if self.was_read:
                    self._changed(before, self.current)
                self._version = version
        except StoreUnavailable as error:
            self._alarm.failed(f"{error} They stay in use as they were")
        else:
            self._alarm.well()
