"""What takes seconds, such as questions to the DNS, gets few of the threads that answer requests.

Else whoever may ask for it could keep all others waiting.
"""

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Final

MOST: Final = 16  # of the 40 threads that anyio has
MOST_EACH: Final = 4


class TooManyAtOnce(Exception):
    """No place is free."""


class Turns:
    """Counts who is at it. Only the event loop's thread calls it."""

    def __init__(self, most: int = MOST, most_each: int = MOST_EACH) -> None:
        self._most = most
        self._most_each = most_each
        self._taken: Counter[Hashable] = Counter()

    @contextmanager
    def taken_by(self, owner: Hashable) -> Iterator[None]:
        """Hold a place. Raises `TooManyAtOnce` where there is none."""
        if self._taken.total() >= self._most or self._taken[owner] >= self._most_each:
            raise TooManyAtOnce("others like it are under way; wait for them to end, or a few seconds")
        self._taken[owner] += 1
        try:
            yield
        finally:
            self._taken[owner] -= 1
            if not self._taken[owner]:
                del self._taken[owner]
