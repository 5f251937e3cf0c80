"""The use cases of SMTP credentials of one project.

Every refusal is an `accounts.errors.AccountError`, one sentence that says what to do, and changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from accounts.errors import InvalidLimit, NotFound
from accounts.listing import CredentialFilter
from accounts.model import Credential, Project, SendingLimits
from accounts.names import short_name
from accounts.ports import AccountStore
from accounts.secret_hash import SALT_BYTES, SECRET_BYTES, SecretHash, base32, new_secret

USERNAME_BYTES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCredential:
    """A credential and its password, which is shown this once and kept nowhere."""

    credential: Credential
    password: str = field(repr=False)


class Credentials:
    """Adds, lists and revokes the credentials of one project. `random_bytes(n)` gives n random bytes."""

    def __init__(
        self,
        *,
        store: AccountStore,
        project: Project,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._store = store
        self._project = project
        self._clock = clock
        self._random_bytes = random_bytes

    def add(
        self, *, label: str = "", route: str | None = None, limits: SendingLimits | None = None
    ) -> NewCredential:
        """Make a credential with a username and a password of its own.

        Raises `NotFound` for an unknown route, `InvalidLimit`.
        """
        limits = limits or SendingLimits()
        for limit in (limits.messages_per_minute, limits.recipients_per_day):
            if limit is not None and limit < 1:
                raise InvalidLimit(
                    f"a limit of {limit} would refuse everything; revoke the credential instead"
                )
        password = new_secret(self._random_bytes(SECRET_BYTES))
        credential = self._store.add_credential(
            project=self._project.id,
            username=f"{self._project.name}-{base32(self._random_bytes(USERNAME_BYTES))}",
            label=label,
            secret_hash=SecretHash.of(password, self._random_bytes(SALT_BYTES)),
            route=None if route is None else short_name(route),
            limits=limits,
            created_at=self._clock(),
        )
        return NewCredential(credential=credential, password=password)

    def all(self, *, revoked: bool = False) -> list[Credential]:
        """Return them by username; the revoked ones only where asked for."""
        return self._store.credentials(CredentialFilter(project=self._project.id, revoked=revoked))

    def page(self, *, limit: int, behind: str = "", revoked: bool = False) -> list[Credential]:
        """Return up to `limit` of them by username, those behind a username."""
        wanted = CredentialFilter(project=self._project.id, revoked=revoked, behind=behind, limit=limit)
        return self._store.credentials(wanted)

    def find(self, username: str) -> Credential:
        """Return it, a revoked one too. Raises `NotFound`."""
        credential = self._store.find_credential(username)
        if credential is None or credential.project != self._project.id:
            raise NotFound(
                f"no credential of the project {self._project.name} is called {username!r}; "
                "a username begins with the name of its project"
            )
        return credential

    def revoke(self, username: str) -> Credential:
        """End a login for ever; repeating it changes nothing. Raises `NotFound`."""
        credential = self.find(username)
        self._store.revoke_credential(credential.username, self._clock())
        return credential
