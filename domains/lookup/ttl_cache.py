"""Remembers values for some seconds."""

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MAX_ENTRIES = 20_000  # tenants choose the names: without a bound they would choose how much memory is used


class TtlCache(Generic[K, V]):
    """Safe to share between threads. `seconds` is how long a value counts."""

    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._entries: dict[K, tuple[float, V]] = {}
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        """Return the value, None where there is none that still counts."""
        ends, value = self._entries.get(key, (0.0, None))
        return value if value is not None and self._monotonic() < ends else None

    def put(self, key: K, value: V) -> None:
        """Remember it; where there are too many, all others are forgotten."""
        with self._lock:
            if len(self._entries) >= MAX_ENTRIES:
                self._entries.clear()
            self._entries[key] = (self._monotonic() + self._seconds, value)
