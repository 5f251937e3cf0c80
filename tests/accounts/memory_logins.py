from dataclasses import replace
from datetime import datetime

import pytest

from accounts import password_hash
from accounts.api_keys import ApiKey
from accounts.errors import NameTaken, NotFound
from accounts.password_hash import Cost, LoginHash
from accounts.people import Person
from accounts.sessions import KeptSession


def hash_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have passwords hashed at a cost for tests."""
    digest = password_hash._digest
    monkeypatch.setattr(password_hash, "_digest", lambda text, salt, _: digest(text, salt, Cost(4, 8, 1)))


class MemoryPersonStore:
    """`accounts.people.PersonStore` in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Person] = {}

    def people(self) -> list[Person]:
        return sorted(self.kept.values(), key=lambda person: person.name)

    def find(self, name: str) -> Person | None:
        return self.kept.get(name)

    def add(self, person: Person) -> None:
        if person.name in self.kept:
            raise NameTaken(person.name)
        self.kept[person.name] = person

    def set_login(self, name: str, login_hash: LoginHash) -> None:
        if name not in self.kept:
            raise NotFound(name)
        self.kept[name] = replace(self.kept[name], login_hash=login_hash)

    def remove(self, name: str) -> None:
        if self.kept.pop(name, None) is None:
            raise NotFound(name)


class MemorySessionStore:
    """`accounts.sessions.SessionStore` in memory; `uses` counts what was written for requests."""

    def __init__(self) -> None:
        self.kept: dict[str, KeptSession] = {}
        self.uses = 0

    def add(self, token_hash: str, holder: Person | ApiKey, at: datetime) -> None:
        self.kept[token_hash] = KeptSession(
            token_hash=token_hash, actor=holder.actor, begun_at=at, seen_at=at
        )

    def find(self, token_hash: str) -> KeptSession | None:
        return self.kept.get(token_hash)

    def seen(self, token_hash: str, at: datetime) -> None:
        self.uses += 1
        self.kept[token_hash] = replace(self.kept[token_hash], seen_at=at)

    def remove(self, token_hash: str) -> None:
        self.kept.pop(token_hash, None)

    def remove_ended(self, *, begun_before: datetime, seen_before: datetime) -> None:
        for token_hash, kept in [*self.kept.items()]:
            if kept.begun_at <= begun_before or kept.seen_at <= seen_before:
                del self.kept[token_hash]
