"""How webhooks fare, as the database last said."""

from events.webhooks.errors import StoreUnavailable
from events.webhooks.model import Health
from events.webhooks.ports import WebhookUpkeep


class LiveWebhookHealth:
    """While the database is away it stays as it was; that it is away `LiveDirectory` tells."""

    def __init__(self, upkeep: WebhookUpkeep) -> None:
        self._upkeep = upkeep
        self.current = Health()

    def refresh(self) -> None:
        """Read it again."""
        try:
            self.current = self._upkeep.health()
        except StoreUnavailable:
            return
