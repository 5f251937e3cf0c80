"""Whether a server can be used, and when one that could not is tried again."""

from collections.abc import Callable
from dataclasses import dataclass

_LONGEST = 60.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Of one server, for monitoring. `since` is in seconds of the monotonic clock."""

    name: str
    up: bool
    since: float  # of the last change
    error: str  # the last one; "" where there was none


class Backoff:
    """1, 2, 4 … 60 seconds between attempts, each shortened by up to half so that many relays spread out.

    `monotonic` returns seconds, `jitter` a number from 0 to 1.
    """

    def __init__(self, *, monotonic: Callable[[], float], jitter: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._jitter = jitter
        self._failures = 0
        self.since = monotonic()
        self.retry_at = self.since
        self.error = ""

    @property
    def up(self) -> bool:
        """Whether the last attempt went well."""
        return self._failures == 0

    @property
    def due(self) -> bool:
        """Whether it may be tried."""
        return self.up or self._monotonic() >= self.retry_at

    def failed(self, error: str) -> bool:
        """Know of a failure; return whether it is news. Several that began together count as one."""
        self.error = error
        if not self.due:
            return False
        news = self.up
        if news:
            self.since = self._monotonic()
        delay = min(_LONGEST, 2.0 ** min(self._failures, 10))
        self._failures += 1
        self.retry_at = self._monotonic() + delay * (1 - self._jitter() / 2)
        return news

    def connected(self) -> None:
        """Let others try: it can be reached. Whether it works shows in its reply to MAIL."""
        self.retry_at = self._monotonic()

    def succeeded(self) -> bool:
        """Know that it works; return whether that is news."""
        news = not self.up
        if news:
            self._failures = 0
            self.since = self._monotonic()
        return news
