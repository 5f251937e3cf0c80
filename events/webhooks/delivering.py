"""Sending what waits for a webhook: batch by batch, until nothing is left, one fails, or its turn is over.

Everything is stored before and after each attempt, so that a process may die at any moment: a batch that was
sent and not noted as sent goes out again under the same id.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from events.webhooks import back_off
from events.webhooks.body import MOST_EVENTS, compose
from events.webhooks.endpoint import shown
from events.webhooks.errors import SecretUnreadable
from events.webhooks.model import Delivery, Webhook
from events.webhooks.ports import DeliveryQueue, Post, Seal, Unanswered
from events.webhooks.signing import signed_headers

log = logging.getLogger("waypost.webhooks")

TURN_SECONDS: Final = 10.0  # then other webhooks may have the thread
ID_BYTES: Final = 12
GONE: Final = 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came of one. `wish` is the Retry-After in seconds; `gone`: nothing is wanted there any more."""

    delivered: bool
    detail: str
    wish: float | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A delivery and its body for one attempt. `events` of it are there still."""

    delivery: Delivery
    body: bytes
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """Serves one webhook at a time in each thread. `random` returns a number from 0 to 1.

    `counted` is told of each attempt whether it was delivered, and how many events were in it.
    """

    queue: DeliveryQueue
    post: Post
    seal: Seal
    owner: str
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    random: Callable[[], float]
    random_bytes: Callable[[int], bytes]
    stopping: Callable[[], bool]
    counted: Callable[[bool, int], None]

    def serve(self, webhook: Webhook) -> bool:
        """Send what waits for a webhook whose lease is ours. Return whether that is ours still.

        Raises `errors.StoreUnavailable`.
        """
        until = self.monotonic() + TURN_SECONDS
        while self.monotonic() < until and not self.stopping():
            batch = self._next(webhook)
            if batch is None:
                return True
            if not batch.events:
                self.queue.drop(batch.delivery)
                continue
            attempt = self._attempt(webhook, batch.delivery.id, batch.body)
            self.counted(attempt.delivered, batch.events)
            if not attempt.delivered:
                self._failed(webhook, batch.delivery, attempt)
                return True
            if not self._delivered(webhook, batch.delivery, attempt):
                return False
            webhook = replace(webhook, failures=0, failing_since=None)
        return True

    def _next(self, webhook: Webhook) -> Batch | None:
        """Return a batch whose time has come, else a new one, None where nothing waits."""
        waiting = self.queue.look(webhook.id, MOST_EVENTS)
        if waiting.due is not None:
            due = waiting.due
            body = compose(due.events, waiting.facts, due.created_at, most_bytes=None)
            return Batch(delivery=due, body=body.octets, events=body.events)
        if not waiting.noted:
            return None
        body = compose(waiting.noted, waiting.facts, self.clock())
        number = f"msg_{self.random_bytes(ID_BYTES).hex()}"
        delivery = self.queue.batch(self.owner, webhook.id, number, body.taken)
        if delivery is None:
            return None
        return Batch(delivery=delivery, body=body.octets, events=body.events)

    def _delivered(self, webhook: Webhook, delivery: Delivery, attempt: Attempt) -> bool:
        """Store it, and return whether more waits."""
        more = self.queue.delivered(delivery, attempt.detail)
        if webhook.failures:
            log.warning("webhook %s to %s works again", webhook.id, shown(webhook.url))
        return more

    def _attempt(self, webhook: Webhook, delivery: str, body: bytes) -> Attempt:
        try:
            return attempt(self.post, webhook.url, self._secrets(webhook), delivery, body, self.clock())
        except SecretUnreadable as error:
            return Attempt(delivered=False, detail=f"{error}; rotate the secret to have another")

    def _secrets(self, webhook: Webhook) -> list[bytes]:
        """Return those that sign, the present one first. Raises `SecretUnreadable`."""
        secrets = [self.seal.open(webhook.id, webhook.secret)]
        former, until = webhook.former_secret, webhook.former_until
        if former is not None and until is not None and self.clock() < until:
            secrets.append(self.seal.open(webhook.id, former))
        return secrets

    def _failed(self, webhook: Webhook, delivery: Delivery, attempt: Attempt) -> None:
        now, name = self.clock(), shown(webhook.url)
        over = now - delivery.begun_at >= back_off.PATIENCE
        if over:
            log.error(
                "webhook %s to %s: gave up delivery %s: %s", webhook.id, name, delivery.id, attempt.detail
            )
        elif not webhook.failures:
            log.warning("webhook %s to %s fails: %s", webhook.id, name, attempt.detail)
        self.queue.failed(
            delivery,
            attempt.detail,
            next_in=None if over else back_off.until_next(delivery.attempts + 1, self.random(), attempt.wish),
            rest=back_off.rest(webhook.failures + 1, self.random(), attempt.wish),
        )
        if attempt.gone or back_off.is_hopeless(webhook.failures + 1, webhook.failing_since, now):
            self.queue.give_up(webhook.id, attempt.detail)
            log.error("webhook %s to %s is paused: %s", webhook.id, name, attempt.detail)


def attempt(
    post: Post, url: str, secrets: Sequence[bytes], message_id: str, body: bytes, now: datetime
) -> Attempt:
    """Send a signed body once, and judge the answer: 2xx is delivered."""
    headers = signed_headers(secrets, message_id, int(now.timestamp()), body)
    try:
        answer = post(url, headers, body)
    except Unanswered as fault:
        return Attempt(delivered=False, detail=str(fault))
    return Attempt(
        delivered=200 <= answer.status < 300,
        detail=answer.detail,
        wish=answer.retry_after,
        gone=answer.status == GONE,
    )
