"""What webhooks need now and then: expiring certificates noted, secrets sealed anew, old rows removed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from events.webhooks.model import Webhook
from events.webhooks.ports import WebhookUpkeep
from service.webhooks.seal import SecretSeal


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidying:
    """Several processes may do it: what one did the others leave. Raises `StoreUnavailable`."""

    upkeep: WebhookUpkeep
    webhooks: Callable[[], list[Webhook]]
    seal: SecretSeal
    keep: timedelta

    def __call__(self) -> None:
        self.upkeep.note_expiring()
        self.upkeep.prune(self.keep)
        for webhook in self.webhooks():
            if self.seal.opens(webhook.secret) and not self.seal.is_current(webhook.secret):
                self._seal_again(webhook)

    def _seal_again(self, webhook: Webhook) -> None:
        """Seal with the key that seals now, so that the one before can be revoked."""
        former = webhook.former_secret
        if former is not None and self.seal.opens(former):
            former = self.seal.seal(webhook.id, self.seal.open(webhook.id, former))
        secret = self.seal.seal(webhook.id, self.seal.open(webhook.id, webhook.secret))
        self.upkeep.seal_again(webhook, secret, former)
