"""How much a credential may send: token buckets. Pure but for their own counts; the caller brings the clock.

A bucket holds what the limit allows in its period and refills evenly, so that a burst is possible and the
average holds. Buckets are of one process: with several workers each allows the limit.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from accounts.model import Credential

MINUTE: Final = 60.0
DAY: Final = 86_400.0
_REMEMBERED: Final = 20_000  # buckets; beyond that the one used longest ago is forgotten, and full again


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class RateLimits:
    """`clock` gives monotonic seconds. Not thread-safe.

    Both methods take one and return 0.0, or return the seconds until there is one again and take nothing.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._buckets: OrderedDict[tuple[int, float], _Bucket] = OrderedDict()

    def take_message(self, credential: Credential) -> float:
        """Ask before a transaction."""
        return self._take(credential.id, credential.limits.messages_per_minute, MINUTE)

    def take_recipient(self, credential: Credential) -> float:
        """Ask before each recipient."""
        return self._take(credential.id, credential.limits.recipients_per_day, DAY)

    def _take(self, number: int, limit: int | None, period: float) -> float:
        if limit is None:
            return 0.0
        now = self._clock()
        bucket = self._buckets.setdefault((number, period), _Bucket(tokens=limit, at=now))
        self._buckets.move_to_end((number, period))
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        bucket.tokens = min(limit, bucket.tokens + (now - bucket.at) * limit / period)
        bucket.at = now
        if bucket.tokens < 1:
            return (1 - bucket.tokens) * period / limit
        bucket.tokens -= 1
        return 0.0
