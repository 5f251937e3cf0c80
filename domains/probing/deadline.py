"""The time that a whole exchange may take, however slowly its parts come."""

from collections.abc import Callable


class Deadline:
    """`seconds` from now on."""

    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        self._ends = monotonic() + seconds
        self._monotonic = monotonic

    def remaining(self) -> float:
        """Return the seconds left. Raises `TimeoutError` where there are none."""
        left = self._ends - self._monotonic()
        if left <= 0:
            raise TimeoutError
        return left
