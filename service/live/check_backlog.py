"""How many checks of tracking domains wait, as the database last said."""

from domains.due import Backlog
from domains.errors import StoreUnavailable
from domains.ports import CheckLeases


class LiveBacklog:
    """While the database is away it stays as it was; that it is away `LiveDirectory` tells."""

    def __init__(self, leases: CheckLeases) -> None:
        self._leases = leases
        self.current = Backlog()

    def refresh(self) -> None:
        """Read it again."""
        try:
            self.current = self._leases.backlog()
        except StoreUnavailable:
            return
