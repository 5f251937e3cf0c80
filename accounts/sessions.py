"""Sessions of the dashboard: somebody signed in, as a person or with an API key, and has not gone yet.

A session is known by a token of 256 random bits, which the browser alone has; its hash is stored, not salted,
for nobody finds such a token by trying. Who it acts as is read anew each time: a key that is revoked or a
person who is removed is out with the next request.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from accounts.actors import Actor
from accounts.api_keys import ApiKey
from accounts.people import Person

TOKEN_BYTES: Final = 32
IDLE: Final = timedelta(hours=12)
LONGEST: Final = timedelta(days=7)
SEEN_NOTED: Final = timedelta(minutes=5)
"""How coarsely the time of the last request is kept: a write for each would be most of its cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who is signed in. `form_token` stands in the forms that are made for this session."""

    actor: Actor
    form_token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSession:
    """As it is stored, with who its holder is now."""

    token_hash: str = field(repr=False)
    actor: Actor
    begun_at: datetime
    seen_at: datetime  # to `SEEN_NOTED`


class SessionStore(Protocol):
    """Keeps sessions. Each method is one transaction, and raises `accounts.errors.StoreUnavailable`."""

    def add(self, token_hash: str, holder: Person | ApiKey, at: datetime) -> None:
        """Raises `NotFound` where the holder is gone, or has another password by now."""

    def find(self, token_hash: str) -> KeptSession | None:
        """Return it; not one whose holder is gone or revoked."""

    def seen(self, token_hash: str, at: datetime) -> None:
        """Write down when it was used."""

    def remove(self, token_hash: str) -> None:
        """Remove it, if it is there."""

    def remove_ended(self, *, begun_before: datetime, seen_before: datetime) -> None:
        """Remove what is too old by either time."""


class Sessions:
    """Begins, finds and ends them. `random_bytes(n)` gives n random bytes."""

    def __init__(
        self,
        *,
        store: SessionStore,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._store = store
        self._clock = clock
        self._random_bytes = random_bytes

    def begin(self, holder: Person | ApiKey) -> str:
        """Return the token of a new one; old ones of anybody go. Raises `NotFound`."""
        now = self._clock()
        self._store.remove_ended(begun_before=now - LONGEST, seen_before=now - IDLE)
        token = urlsafe_b64encode(self._random_bytes(TOKEN_BYTES)).decode().rstrip("=")
        self._store.add(_hash(token), holder, now)
        return token

    def find(self, token: str) -> Session | None:
        """Return the one that goes on, and note its use."""
        kept = self._store.find(_hash(token)) if token else None
        now = self._clock()
        if kept is None or now - kept.seen_at >= IDLE or now - kept.begun_at >= LONGEST:
            return None
        if now - kept.seen_at >= SEEN_NOTED:
            self._store.seen(kept.token_hash, now)
        return Session(actor=kept.actor, form_token=_form_token(token))

    def end(self, token: str) -> None:
        """End it, if it goes on."""
        self._store.remove(_hash(token))


def _form_token(token: str) -> str:
    """It follows from the session's token and tells nothing of it, so that nothing more is stored."""
    return hmac.digest(_octets(token), b"waypost form", "sha256").hex()


def _hash(token: str) -> str:
    return hashlib.sha256(_octets(token)).hexdigest()


def _octets(token: str) -> bytes:
    return token.encode("utf-8", "surrogatepass")
