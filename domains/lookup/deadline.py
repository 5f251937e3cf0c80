"""The moment by which a look-up must have ended, whatever the servers do."""

from collections.abc import Callable

from domains.dns_answer import Unanswered


class Deadline:
    """Counts from its creation. `monotonic` tells the time in seconds."""

    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._end = monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Whether nothing more may be asked."""
        return self._monotonic() >= self._end

    def allow(self, seconds: float) -> float:
        """Return how long the next question may take: `seconds` at most. Raises `Unanswered` when over."""
        remaining = self._end - self._monotonic()
        if remaining <= 0:
            raise Unanswered(f"the DNS servers took longer than {self._seconds:g} seconds")
        return min(seconds, remaining)

    def half(self) -> "Deadline":
        """Return a nearer one, which leaves as much time for a second way as for the first."""
        return Deadline(max(0.0, self._end - self._monotonic()) / 2, self._monotonic)
