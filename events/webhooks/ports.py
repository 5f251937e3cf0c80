"""What webhooks need from outside. Adapters: `storage.webhook_*`, `service.webhooks`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from events.webhooks.body import Facts
from events.webhooks.model import Answer, Delivery, DeliveryState, Health, Noted, Webhook

Spot = tuple[datetime, str]
"""When a batch was made, and its id: where it stands among all of a webhook."""


class WebhookStore(Protocol):
    """Keeps webhooks. Each method is one transaction, and raises `errors.StoreUnavailable`."""

    def webhooks(self) -> list[Webhook]:
        """Return all of them, the oldest first."""

    def find(self, webhook: str) -> Webhook | None:
        """Return one."""

    def add(self, webhook: Webhook) -> None:
        """Add it; what happens from now on is noted for it."""

    def remove(self, webhook: str) -> None:
        """Remove it with all that waits for it and its deliveries."""

    def set_secrets(
        self, webhook: str, secret: bytes, former: bytes | None, former_until: datetime | None
    ) -> None:
        """Keep these sealed secrets."""

    def pause(self, webhook: str, why: str) -> None:
        """Send nothing more; events wait."""

    def resume(self, webhook: str) -> None:
        """Send again, at once; what failed before counts no more."""

    def waiting(self, webhook: str) -> int:
        """Return how many events wait and are in no batch yet."""

    def deliveries(
        self, webhook: str, state: DeliveryState | None, limit: int, beyond: Spot | None = None
    ) -> list[Delivery]:
        """Return batches, the newest first, from the one after `beyond` on."""

    def replay(self, webhook: str, ids: Collection[str] | None, since: datetime | None) -> int:
        """Try batches anew that have ended: those with the ids, or the failed ones (made since then).

        Return how many. Raises `errors.UnknownWebhook`, and changes nothing, where an id is of no such batch.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What a webhook is to be sent next. `facts` are about the events of `due`, else of `noted`."""

    due: Delivery | None
    noted: Sequence[Noted]
    facts: Facts


class DeliveryQueue(Protocol):
    """What is to be sent. Each method is one transaction, and raises `errors.StoreUnavailable`.

    Times are those of the database. Only who holds the lease of a webhook calls what names it.
    """

    def take_due(self, owner: str, *, limit: int, failing: int, seconds: float) -> list[Webhook]:
        """Lease webhooks that have something to be sent now, those served longest ago first.

        At most `failing` of them are ones whose last attempt failed.
        """

    def release(self, owner: str, webhook: str | None = None) -> None:
        """Give back a lease, or all of them."""

    def look(self, webhook: str, limit: int) -> Waiting:
        """Return what is to be sent next: a batch whose time has come, else up to `limit` noted events."""

    def batch(self, owner: str, webhook: str, delivery: str, taken: Sequence[Noted]) -> Delivery | None:
        """Make a batch of events that wait; None where the lease is another's meanwhile."""

    def delivered(self, delivery: Delivery, detail: str) -> bool:
        """The endpoint took it. Where it had failed before, what waits for it is due at once.

        Return whether more waits; where nothing does, the lease is given back.
        """

    def failed(self, delivery: Delivery, detail: str, *, next_in: float | None, rest: float) -> None:
        """An attempt failed; the next is in so many seconds, None where there is none.

        The endpoint is left alone for `rest` seconds.
        """

    def give_up(self, webhook: str, why: str) -> None:
        """Pause a webhook; the batches that wait have failed."""

    def drop(self, delivery: Delivery) -> None:
        """Forget a batch of which nothing is left to be told."""


class WebhookUpkeep(Protocol):
    """What webhooks need beside deliveries. Each method raises `errors.StoreUnavailable`."""

    def health(self) -> Health:
        """Return how they fare."""

    def note_expiring(self) -> int:
        """Note certificates that expire soon, each once; return how many."""

    def prune(self, keep: timedelta) -> None:
        """Remove what ended longer ago, what waited longer for one that is paused, and what is nobody's."""

    def seal_again(self, webhook: Webhook, secret: bytes, former: bytes | None) -> None:
        """Keep the same secrets sealed anew, unless they were changed meanwhile."""


class Post(Protocol):
    """Sends one request, in a bounded time. Safe to share between threads."""

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Return the answer, whatever it says. Raises `Unanswered`."""


class Unanswered(Exception):
    """There was no answer. The message is in plain words, for an operator."""


class Seal(Protocol):
    """Seals secrets for the time that they are kept."""

    def seal(self, owner: str, key: bytes) -> bytes:
        """Return the secret as it can be kept."""

    def open(self, owner: str, sealed: bytes) -> bytes:
        """Return the secret. Raises `errors.SecretUnreadable`."""
