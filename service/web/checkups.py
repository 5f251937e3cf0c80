"""What `waypost check` finds, for the dashboard: one look at a time, kept for a minute.

A look asks DNS, upstreams and ports, and takes seconds: nobody may have a hundred of them made at once.
"""

import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from service.checkup import Finding as Seen
from web.ports import Checkup, Finding

KEPT: Final = timedelta(minutes=1)
PAUSE: Final = timedelta(seconds=5)
"""Between two looks, however often somebody asks for another."""


class Checkups:
    """Those of one process. `look` raises nothing that is expected."""

    def __init__(self, look: Callable[[], Iterable[Seen]], clock: Callable[[], datetime]) -> None:
        self._look = look
        self._clock = clock
        self._last: Checkup | None = None
        self._looking = threading.Lock()

    def newest(self, *, again: bool = False) -> Checkup | None:
        """Return the one of the last minute, or look now; `again`: whatever there is.

        While somebody else's look is under way return the last one, None where there is none. Blocks.
        """
        if self._is_fresh(PAUSE if again else KEPT) or not self._looking.acquire(blocking=False):
            return self._last
        try:
            findings = tuple(map(_told, self._look()))
            self._last = Checkup(at=self._clock(), findings=findings)
        finally:
            self._looking.release()
        return self._last

    def _is_fresh(self, age: timedelta) -> bool:
        return self._last is not None and self._clock() - self._last.at < age


def _told(seen: Seen) -> Finding:
    return Finding(level=seen.level.value, subject=seen.subject, message=seen.message, remedy=seen.remedy)
