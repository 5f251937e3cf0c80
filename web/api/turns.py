"""What takes seconds, such as questions to the DNS, gets few of the threads that answer requests.

Else whoever may ask for it could keep all others waiting.
"""

from collections import Counter
from collections.abc import AsyncIterator, Hashable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Depends, Request

from web.api.callers import Writer
from web.api.problems import Problem

MOST: Final = 16  # of the 40 threads that anyio has
MOST_EACH: Final = 4
_RETRY_SECONDS: Final = "5"


class Turns:
    """Counts who is at it. Only the event loop's thread calls it."""

    def __init__(self, most: int = MOST, most_each: int = MOST_EACH) -> None:
        self._most = most
        self._most_each = most_each
        self._taken: Counter[Hashable] = Counter()

    @contextmanager
    def taken_by(self, owner: Hashable) -> Iterator[None]:
        """Hold a place. Raises `Problem` where there is none."""
        if self._taken.total() >= self._most or self._taken[owner] >= self._most_each:
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too_many_at_once",
                "others like it are under way; wait for them to end, or a few seconds",
                headers={"Retry-After": _RETRY_SECONDS},
            )
        self._taken[owner] += 1
        try:
            yield
        finally:
            self._taken[owner] -= 1
            if not self._taken[owner]:
                del self._taken[owner]


async def _turn(caller: Writer, request: Request) -> AsyncIterator[None]:
    turns: Turns = request.app.state.turns
    with turns.taken_by(caller.actor.project):
        yield


Turn = Annotated[None, Depends(_turn)]
"""Of an operation that takes seconds."""
