from datetime import UTC, datetime
from itertools import count

import pytest

from accounts.actors import Actor, Scope
from accounts.errors import InvalidName, InvalidPassword, NameTaken, NotFound
from accounts.password_hash import PasswordHash
from accounts.people import People, authenticate
from tests.accounts.memory_logins import MemoryPersonStore, hash_quickly

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
GOOD = "four words on paper"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_quickly(monkeypatch)


@pytest.fixture
def store() -> MemoryPersonStore:
    return MemoryPersonStore()


@pytest.fixture
def people(store: MemoryPersonStore) -> People:
    seeds = count(1)
    return People(
        store=store, clock=lambda: NOW, random_bytes=lambda number: next(seeds).to_bytes(number, "big")
    )


def test_name_and_password_open_it(store: MemoryPersonStore, people: People) -> None:
    added = people.add("Alice@Example.com", GOOD, Scope.WRITE, project=2)
    assert added.actor == Actor(name="person:alice@example.com", scope=Scope.WRITE, project=2)
    assert isinstance(added.login_hash, PasswordHash)
    assert authenticate(store, "alice@example.com", GOOD) == added
    assert authenticate(store, "ALICE@example.com", GOOD) == added
    for name, password in (
        ("alice@example.com", "x"),
        ("bob", GOOD),
        ("", ""),
        ("a\0", GOOD),
        ("ß" * 999, ""),
    ):
        assert authenticate(store, name, password) is None


def test_a_generated_password_is_shown_once(store: MemoryPersonStore, people: People) -> None:
    made = people.add_generated("admin", Scope.ADMIN, project=None)
    assert len(made.password) == 27  # 24 letters, of 120 bits
    assert made.password not in repr(made)
    assert made.password not in str(store.kept)
    assert authenticate(store, "admin", made.password) == made.person
    again = people.generate_password("admin")
    assert again.password != made.password
    assert authenticate(store, "admin", made.password) is None


def test_another_password_takes_the_place_of_the_first(store: MemoryPersonStore, people: People) -> None:
    people.add("alice", GOOD, Scope.READ, project=None)
    people.set_password("ALICE", "another four words")
    assert authenticate(store, "alice", GOOD) is None
    assert authenticate(store, "alice", "another four words") is not None
    people.remove("alice")
    assert authenticate(store, "alice", "another four words") is None
    for act in (people.remove, people.generate_password, lambda name: people.set_password(name, GOOD)):
        with pytest.raises(NotFound, match="the list of people"):
            act("alice")


@pytest.mark.parametrize("password", ["", "short", "x" * 14, "x" * 40, "abcabcabcabcabcabc", "x" * 257])
def test_passwords_that_are_guessed_are_refused(
    store: MemoryPersonStore, people: People, password: str
) -> None:
    with pytest.raises(InvalidPassword) as refused:
        people.add("alice", password, Scope.READ, project=None)
    assert not password or password not in str(refused.value)
    assert store.kept == {}


def test_ones_own_name_is_no_password(people: People) -> None:
    with pytest.raises(InvalidPassword):
        people.add("alice@example.com", "Alice@example.com", Scope.READ, project=None)


@pytest.mark.parametrize("name", ["", " ", "a b", "-a", "a.", "ä", "a" * 65, "a\n", "<b>", "a:b"])
def test_what_is_no_name_is_refused(store: MemoryPersonStore, people: People, name: str) -> None:
    with pytest.raises(InvalidName):
        people.add_generated(name, Scope.READ, project=None)
    assert store.kept == {}


def test_a_name_is_given_once(people: People) -> None:
    people.add_generated("alice", Scope.READ, project=None)
    with pytest.raises(NameTaken):
        people.add_generated("ALICE", Scope.READ, project=1)
    assert [each.name for each in people.all()] == ["alice"]
