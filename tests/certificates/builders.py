"""Values for tests of certificates."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from certificates.authority import AcmeAuthority, AcmeSettings
from certificates.model import Account, Certificate, Challenge, HostRecord
from certificates.ports import AccountStore, ChallengeStore, Publish
from certificates.sealed_keys import KeySeal
from links.key_ring import KeyRing

NOW: Final = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)
HOST: Final = "track.example.com"
OTHER: Final = "click.example.com"
DIRECTORY: Final = "https://authority.test/directory"
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)

CERTIFICATE: Final = Certificate(
    authority=DIRECTORY,
    chain="-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n",
    sealed_key=b"\x00\x01 sealed \xff",
    issuer="Test Authority T1",
    serial="03ab",
    fingerprint="00ff",
    not_before=NOW,
    not_after=NOW + 90 * DAY,
)
RECORD: Final = HostRecord(host=HOST)
ACTIVE: Final = replace(RECORD, certificate=CERTIFICATE, due_at=NOW + 60 * DAY)
CHALLENGE: Final = Challenge(token="a-token", host=HOST, answer="a-token.thumb", expires_at=NOW + HOUR)
ACCOUNT: Final = Account(
    directory=DIRECTORY, sealed_key=b"\x00\x01 sealed", contact=("mailto:a@example.com",)
)


def key_seal(ring: KeyRing | None = None) -> KeySeal:
    """Return a seal under one key, or under the ring."""
    known = ring or KeyRing.first(b"k" * 32, 0)
    return KeySeal(lambda: known, clock=lambda: NOW, random=lambda count: bytes(range(count)))


def acme_authority(directory: str, store: AccountStore, **settings: Any) -> AcmeAuthority:
    """Return an authority whose account is in `store`."""
    chosen = AcmeSettings(directory=directory, **{"terms_agreed": True} | settings)
    return AcmeAuthority(chosen, store, key_seal(), now=lambda: NOW)


def publisher(store: ChallengeStore) -> Publish:
    """Publish in the store."""

    @contextmanager
    def publish(token: str, answer: str) -> Iterator[None]:
        store.put_challenge(Challenge(token=token, host=HOST, answer=answer, expires_at=NOW + HOUR), now=NOW)
        try:
            yield
        finally:
            store.delete_challenge(token)

    return publish
