from datetime import timedelta

import pytest

from certificates.sealed_keys import KeySeal
from events.webhooks.errors import SecretUnreadable
from events.webhooks.model import Health, Webhook
from links.key_ring import KeyRing
from service.webhooks.seal import SecretSeal
from service.webhooks.tidying import Tidying
from tests.events.webhooks.builders import NOW, SECRET, webhook

HOUR = 3_600_000
WEBHOOK = webhook().id


class Upkeep:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.sealed: list[tuple[bytes, bytes | None]] = []
        self.pruned: list[timedelta] = []
        self.looked = 0

    def health(self) -> Health:
        raise AssertionError("nobody asks")

    def note_expiring(self) -> int:
        self.looked += 1
        return 0

    def prune(self, keep: timedelta) -> None:
        self.pruned.append(keep)

    def seal_again(self, webhook: Webhook, secret: bytes, former: bytes | None) -> None:
        self.sealed.append((secret, former))


def seal(ring: KeyRing) -> SecretSeal:
    return SecretSeal(KeySeal(lambda: ring, clock=lambda: NOW, random=lambda count: bytes(count)))


def old_and_new() -> tuple[KeyRing, KeyRing]:
    """Return a ring, and the same after a rotation whose key seals by now."""
    first = KeyRing.first(b"k" * 32, 0)
    return first, first.rotate(b"n" * 32, 0, 0)


def tidied(ring: KeyRing, *webhooks: Webhook) -> Upkeep:
    upkeep = Upkeep()
    Tidying(upkeep=upkeep, webhooks=lambda: list(webhooks), seal=seal(ring), keep=timedelta(days=3))()
    assert (upkeep.looked, upkeep.pruned) == (1, [timedelta(days=3)])
    return upkeep


def test_what_another_key_sealed_is_sealed_by_the_one_that_seals_now() -> None:
    first, second = old_and_new()
    old = seal(first)
    kept = webhook(secret=old.seal(WEBHOOK, SECRET), former_secret=old.seal(WEBHOOK, b"former"))
    [(secret, former)] = tidied(second, kept).sealed
    assert former is not None
    new = seal(second)
    assert (new.is_current(secret), new.is_current(former)) == (True, True)
    assert (new.open(WEBHOOK, secret), new.open(WEBHOOK, former)) == (SECRET, b"former")
    assert tidied(second, webhook(secret=secret)).sealed == []


def test_what_nobody_can_open_is_left() -> None:
    lost = seal(KeyRing.first(b"x" * 32, 0).rotate(b"y" * 32, 0, 0)).seal(WEBHOOK, SECRET)
    assert tidied(KeyRing.first(b"k" * 32, 0), webhook(secret=lost)).sealed == []


def test_a_secret_is_of_its_webhook_alone() -> None:
    first, _ = old_and_new()
    sealed = seal(first).seal(WEBHOOK, SECRET)
    with pytest.raises(SecretUnreadable):
        seal(first).open("ffffffffffff", sealed)
