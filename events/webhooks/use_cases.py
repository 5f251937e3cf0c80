"""What operators do with the webhooks of one project, or with those of all projects together."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from events.webhooks import signing
from events.webhooks.endpoint import endpoint
from events.webhooks.errors import InvalidEndpoint, UnknownWebhook
from events.webhooks.model import BY_HAND, Delivery, DeliveryState, Kind, Webhook
from events.webhooks.ports import Seal, Spot, WebhookStore

ID_BYTES: Final = 6
GRACE: Final = timedelta(hours=24)
"""How long a secret signs after another took its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithSecret:
    """A webhook and its secret, which is shown this once."""

    webhook: Webhook
    secret: str = field(repr=False)


class Webhooks:
    """Those of one project; of all projects together where that is None.

    `plain_http`: whether a URL may be http at all. `random_bytes(n)` gives n random bytes.
    """

    def __init__(
        self,
        *,
        store: WebhookStore,
        seal: Seal,
        project: int | None,
        plain_http: bool,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._store = store
        self._seal = seal
        self._project = project
        self._plain_http = plain_http
        self._clock = clock
        self._random_bytes = random_bytes

    def add(self, url: str, *, kinds: Iterable[Kind] = (), label: str = "") -> WithSecret:
        """Add one that wants these kinds, all of them where none is given. Raises `InvalidEndpoint`."""
        if endpoint(url).scheme == "http" and not self._plain_http:
            raise InvalidEndpoint(
                "the URL must be https: events hold addresses of people; "
                "http is for networks that webhooks.allow_private lists"
            )
        wanted = frozenset(kinds) or frozenset(Kind)
        number, secret = self._random_bytes(ID_BYTES).hex(), self._random_bytes(signing.SECRET_BYTES)
        webhook = Webhook(
            id=number,
            project=self._project,
            url=url,
            kinds=tuple(kind for kind in Kind if kind in wanted),
            label=label,
            created_at=self._clock(),
            secret=self._seal.seal(number, secret),
        )
        self._store.add(webhook)
        return WithSecret(webhook=webhook, secret=signing.shown(secret))

    def all(self) -> list[Webhook]:
        """Return them, the oldest first."""
        return [each for each in self._store.webhooks() if each.project == self._project]

    def find(self, webhook: str) -> Webhook:
        """Raises `UnknownWebhook`, for those of other projects too."""
        found = self._store.find(webhook)
        if found is None or found.project != self._project:
            whose = "for all projects together" if self._project is None else "in this project"
            raise UnknownWebhook(f"there is no webhook {webhook} {whose}; the list of webhooks shows them")
        return found

    def waiting(self, webhook: str) -> int:
        """Return how many events wait and are in no batch yet."""
        return self._store.waiting(self.find(webhook).id)

    def rotate(self, webhook: str, *, grace: timedelta = GRACE) -> WithSecret:
        """Give it another secret; the one before signs too for `grace`."""
        found = self.find(webhook)
        secret = self._random_bytes(signing.SECRET_BYTES)
        sealed, until = self._seal.seal(found.id, secret), self._clock() + grace
        self._store.set_secrets(found.id, sealed, found.secret if grace else None, until if grace else None)
        return WithSecret(webhook=self.find(webhook), secret=signing.shown(secret))

    def pause(self, webhook: str) -> Webhook:
        """Send nothing until it is resumed; repeating it changes nothing."""
        found = self.find(webhook)
        if not found.paused:
            self._store.pause(found.id, BY_HAND)
        return self.find(webhook)

    def resume(self, webhook: str) -> Webhook:
        """Send again, what waited first."""
        self._store.resume(self.find(webhook).id)
        return self.find(webhook)

    def remove(self, webhook: str) -> Webhook:
        """Remove it with all that waits for it."""
        found = self.find(webhook)
        self._store.remove(found.id)
        return found

    def deliveries(
        self,
        webhook: str,
        *,
        state: DeliveryState | None = None,
        limit: int = 50,
        beyond: Spot | None = None,
    ) -> list[Delivery]:
        """Return its batches, the newest first, from the one after `beyond` on."""
        return self._store.deliveries(self.find(webhook).id, state, limit, beyond)

    def replay(self, webhook: str, ids: Collection[str] = (), *, since: datetime | None = None) -> int:
        """Send batches again: those with the ids, else those that failed (and were made since then).

        Return how many. Raises `UnknownWebhook` where an id is none of an ended batch of it.
        """
        return self._store.replay(self.find(webhook).id, ids or None, since)
