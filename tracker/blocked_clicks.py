"""Clicks on links that an operator switched off, as the log shows them: by message, never where one led."""

import asyncio
import logging
from collections import Counter
from typing import Final

from links import ClickToken

log = logging.getLogger("waypost.tracker")

TELL_SECONDS: Final = 60.0  # a line for each click would let anybody with such a link fill the disk
MOST_MESSAGES: Final = 100  # of their own line each time; clicks of all others are added up


class BlockedClicks:
    """Tells of the first at once, then each minute of those since. For one event loop."""

    def __init__(self) -> None:
        self._since: Counter[tuple[str, int]] = Counter()  # by message and project
        self._others = 0
        self._timer: asyncio.TimerHandle | None = None

    def count(self, token: ClickToken) -> None:
        """Count one."""
        which = token.message, token.project
        if which in self._since or len(self._since) < MOST_MESSAGES:
            self._since[which] += 1
        else:
            self._others += 1
        if self._timer is None:
            self._tell()

    def _tell(self) -> None:
        self._timer = None
        if not self._since:
            return
        for (message, project), clicks in self._since.most_common():
            _log(message=message, project=project, clicks=clicks)
        if self._others:
            _log(clicks=self._others)
        self._since.clear()
        self._others = 0
        self._timer = asyncio.get_running_loop().call_later(TELL_SECONDS, self._tell)


def _log(**fields: object) -> None:
    log.info("blocked-clicks", extra={"fields": fields})
