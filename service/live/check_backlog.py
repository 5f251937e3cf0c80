"""How many checks of tracking domains wait, as the database last said."""

import logging
from typing import Final

from domains.due import Backlog
from domains.errors import StoreUnavailable
from domains.ports import CheckLeases
from service.alarm import Alarm

log = logging.getLogger("waypost.service")

LATE_SECONDS: Final = 900.0  # the shortest schedule is a minute; a queue of so long does not end by itself


class LiveBacklog:
    """While the database is away it stays as it was; that it is away `LiveDirectory` tells."""

    def __init__(self, leases: CheckLeases) -> None:
        self._leases = leases
        self.current = Backlog()
        self._alarm = Alarm(log, "domain checks")

    def refresh(self) -> None:
        """Read it again."""
        try:
            self.current = self._leases.backlog()
        except StoreUnavailable:
            return
        if self.current.oldest_seconds > LATE_SECONDS:
            self._alarm.failed(f"they are more than {LATE_SECONDS / 60:.0f} minutes behind")
        else:
            self._alarm.well()
