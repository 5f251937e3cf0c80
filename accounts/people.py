"""The use cases of people: those who sign in to the dashboard with a name and a password.

Every refusal is an `accounts.errors.AccountError`, one sentence that says what to do, and changes nothing.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from accounts import password_hash
from accounts.actors import Actor, Scope
from accounts.errors import InvalidName, InvalidPassword, NotFound, WrongPassword
from accounts.password_hash import LoginHash, PasswordHash
from accounts.secret_hash import SALT_BYTES, SecretHash, base32

GENERATED_BYTES: Final = 15
SHORTEST: Final = 15
"""Characters of a password that people choose [NIST SP 800-63B-4, 3.1.1.1]."""
LONGEST: Final = 256
FEWEST_DIFFERENT: Final = 5
FIRST_NAME: Final = "admin"

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._@+-]{0,62}[a-z0-9])?")
_GROUP: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """`project` is None for the whole installation; `name` is unique over it."""

    name: str
    project: int | None
    scope: Scope
    login_hash: LoginHash = field(repr=False)
    created_at: datetime

    @property
    def actor(self) -> Actor:
        """Them, as they act."""
        return Actor(name=f"person:{self.name}", scope=self.scope, project=self.project)


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedLogin:
    """A person and a password, which is shown this once and kept nowhere."""

    person: Person
    password: str = field(repr=False)


class PersonStore(Protocol):
    """Keeps people. Each method is one transaction, and raises `accounts.errors.StoreUnavailable`."""

    def people(self) -> list[Person]:
        """Return all of them by name."""

    def find(self, name: str) -> Person | None:
        """Return them."""

    def add(self, person: Person) -> None:
        """Raises `NameTaken`, and `NotFound` where the project is gone."""

    def set_login(self, name: str, login_hash: LoginHash) -> None:
        """Set another password, and end all sessions. Raises `NotFound`."""

    def remove(self, name: str) -> None:
        """Remove them with their sessions. Raises `NotFound`."""


class People:
    """Adds, lists, removes, sets passwords. `random_bytes(n)` gives n random bytes."""

    def __init__(
        self,
        *,
        store: PersonStore,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._store = store
        self._clock = clock
        self._random_bytes = random_bytes

    def add(self, name: str, password: str, scope: Scope, *, project: int | None) -> Person:
        """Add somebody with a password of their choice.

        Raises `InvalidName`, `InvalidPassword`, `NameTaken`, and `NotFound` where the project is gone.
        """
        return self._add(name, self._chosen(name, password), scope, project)

    def add_generated(self, name: str, scope: Scope, *, project: int | None) -> GeneratedLogin:
        """Add somebody with a password that nobody guesses. Raises as `add`."""
        password = self._new_password()
        return GeneratedLogin(
            person=self._add(name, self._of_generated(password), scope, project), password=password
        )

    def all(self) -> list[Person]:
        """Return them by name."""
        return self._store.people()

    def find(self, name: str) -> Person:
        """Raises `NotFound`."""
        person = self._store.find(name.lower())
        if person is None:
            raise NotFound(f"nobody is called {name[:64]!r}; the list of people shows who there is")
        return person

    def set_password(self, name: str, password: str) -> None:
        """Set another one, and end all their sessions. Raises `InvalidPassword`, `NotFound`."""
        person = self.find(name)
        self._store.set_login(person.name, self._chosen(name, password))

    def change_own(self, name: str, current: str, password: str) -> None:
        """Set another one for who knows the current one. Raises `WrongPassword`, and as `set_password`."""
        if authenticate(self._store, name, current) is None:
            raise WrongPassword("the current password is another one; type it again")
        self.set_password(name, password)

    def generate_password(self, name: str) -> GeneratedLogin:
        """Set a generated one, and end all their sessions. Raises `NotFound`."""
        person = self.find(name)
        password = self._new_password()
        self._store.set_login(person.name, self._of_generated(password))
        return GeneratedLogin(person=person, password=password)

    def remove(self, name: str) -> Person:
        """End their sessions with them. Raises `NotFound`."""
        person = self.find(name)
        self._store.remove(person.name)
        return person

    def _add(self, name: str, login_hash: LoginHash, scope: Scope, project: int | None) -> Person:
        person = Person(
            name=person_name(name),
            project=project,
            scope=scope,
            login_hash=login_hash,
            created_at=self._clock(),
        )
        self._store.add(person)
        return person

    def _chosen(self, name: str, password: str) -> PasswordHash:
        """Raises `InvalidPassword`, which never holds the password."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise InvalidPassword(
                f"a password has {SHORTEST} to {LONGEST} characters; take a few words, or a generated one"
            )
        if len(set(password)) < FEWEST_DIFFERENT or password.lower() == name.lower():
            raise InvalidPassword("this password is easily guessed; take a few words, or a generated one")
        return PasswordHash.of(password, self._random_bytes(SALT_BYTES))

    def _new_password(self) -> str:
        text = base32(self._random_bytes(GENERATED_BYTES))
        return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))

    def _of_generated(self, password: str) -> SecretHash:
        return SecretHash.of(password, self._random_bytes(SALT_BYTES))


def person_name(text: str) -> str:
    """Return the stored form of a name as typed, which may be an address. Raises `InvalidName`."""
    name = text.lower()
    if not _NAME.fullmatch(name):
        raise InvalidName(
            f"{text[:64]!r} is no name of a person; use up to 64 letters a-z, digits and . _ @ + - between"
        )
    return name


def authenticate(store: PersonStore, name: str, password: str) -> Person | None:
    """Return whom name and password are of; else None, after the same work. Raises `StoreUnavailable`."""
    person = store.find(name.lower()) if _NAME.fullmatch(name.lower()) else None
    right = password_hash.matches(person.login_hash if person else None, password)
    return person if right else None
