"""The use cases of API keys: those of one project, or those for the whole installation.

Every refusal is an `accounts.errors.AccountError`, one sentence that says what to do, and changes nothing.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from accounts.actors import Actor, Scope
from accounts.errors import NotFound
from accounts.secret_hash import NOBODY, SALT_BYTES, SECRET_BYTES, SecretHash, base32, new_secret

ID_BYTES: Final = 5
PREFIX: Final = "waypost_api_"
USE_NOTED: Final = timedelta(hours=1)
"""How coarsely the time of the last use is kept: a write for each request would be most of its cost."""

_TOKEN: Final = re.compile(rf"{PREFIX}([0-9a-z]{{8}})_[0-9a-z]{{32}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key without its secret, which only its user has. `project` is None for the whole installation."""

    id: str
    project: int | None
    scope: Scope
    label: str
    secret_hash: SecretHash = field(repr=False)
    created_at: datetime
    last_used_at: datetime | None = None  # to an hour
    revoked_at: datetime | None = None

    @property
    def actor(self) -> Actor:
        """Whoever has it."""
        return Actor(name=f"key:{self.id}", scope=self.scope, project=self.project)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApiKey:
    """A key and its token, which is shown this once and kept nowhere."""

    key: ApiKey
    token: str = field(repr=False)


class ApiKeyStore(Protocol):
    """Keeps keys. Each method is one transaction, and raises `accounts.errors.StoreUnavailable`."""

    def api_keys(self) -> list[ApiKey]:
        """Return all of them, revoked ones too, the oldest first."""

    def find(self, number: str) -> ApiKey | None:
        """Return it, a revoked one too."""

    def add(self, key: ApiKey) -> None:
        """Raises `NotFound` where its project is gone."""

    def revoke(self, number: str, at: datetime) -> None:
        """Revoke it; one that is revoked or gone stays as it is."""

    def used(self, number: str, at: datetime) -> None:
        """Write down when it was used."""


class ApiKeys:
    """Adds, lists and revokes. `random_bytes(n)` gives n random bytes."""

    def __init__(
        self,
        *,
        store: ApiKeyStore,
        project: int | None,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._store = store
        self._project = project
        self._clock = clock
        self._random_bytes = random_bytes

    def add(self, scope: Scope, *, label: str = "") -> NewApiKey:
        """Make a key with an id and a secret of its own."""
        number = base32(self._random_bytes(ID_BYTES))
        token = new_secret(self._random_bytes(SECRET_BYTES), prefix=f"{PREFIX}{number}_")
        key = ApiKey(
            id=number,
            project=self._project,
            scope=scope,
            label=label,
            secret_hash=SecretHash.of(token, self._random_bytes(SALT_BYTES)),
            created_at=self._clock(),
        )
        self._store.add(key)
        return NewApiKey(key=key, token=token)

    def all(self, *, revoked: bool = False) -> list[ApiKey]:
        """Return them, the oldest first; the revoked ones only where asked for."""
        return [
            key
            for key in self._store.api_keys()
            if key.project == self._project and (revoked or key.revoked_at is None)
        ]

    def find(self, number: str) -> ApiKey:
        """Return it, a revoked one too. Raises `NotFound`."""
        key = self._store.find(number)
        if key is None or key.project != self._project:
            raise NotFound(f"there is no API key {number!r} here; the list of API keys shows them")
        return key

    def revoke(self, number: str) -> ApiKey:
        """End a key for ever; repeating it changes nothing. Raises `NotFound`."""
        key = self.find(number)
        self._store.revoke(key.id, self._clock())
        return key


def authenticate(store: ApiKeyStore, token: str, now: datetime) -> ApiKey | None:
    """Return the live key that a token is of, and note its use; else None, after the same work.

    Raises `StoreUnavailable`.
    """
    parsed = _TOKEN.fullmatch(token)
    key = store.find(parsed[1]) if parsed else None
    matches = (key.secret_hash if key else NOBODY).matches(token)
    if key is None or not matches or key.revoked_at is not None:
        return None
    if key.last_used_at is None or now - key.last_used_at >= USE_NOTED:
        store.used(key.id, now)
    return key
