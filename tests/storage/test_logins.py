"""People and sessions in the database."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from accounts.actors import Scope
from accounts.api_keys import ApiKey
from accounts.errors import NameTaken, NotFound, StoreUnavailable
from accounts.password_hash import Cost, PasswordHash
from accounts.people import Person
from accounts.secret_hash import SecretHash
from storage.account_store import SqlAccountStore
from storage.api_key_store import SqlApiKeyStore
from storage.person_store import SqlPersonStore
from storage.session_store import SqlSessionStore
from tests.domains.builders import NOW
from tests.storage.databases import Database
from tests.storage.faults import Fault, each_fault_for_writers

SECRET = SecretHash.of("secret", bytes(16))
CHOSEN = PasswordHash.of("four words on paper", bytes(16), Cost(4, 8, 1))
ALICE = Person(name="alice", project=1, scope=Scope.WRITE, login_hash=CHOSEN, created_at=NOW)
KEY = ApiKey(id="7k2m9q4x", project=None, scope=Scope.READ, label="", secret_hash=SECRET, created_at=NOW)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def people(engine: Engine) -> SqlPersonStore:
    return SqlPersonStore(engine)


@pytest.fixture
def sessions(engine: Engine) -> SqlSessionStore:
    return SqlSessionStore(engine)


def test_people_come_back_as_they_were(people: SqlPersonStore) -> None:
    people.add(ALICE)
    bob = replace(ALICE, name="bob", project=None, login_hash=SECRET)
    people.add(bob)
    assert people.people() == [ALICE, bob]
    assert people.find("alice") == ALICE
    assert people.find("carol") is None
    with pytest.raises(NameTaken):
        people.add(bob)
    with pytest.raises(NotFound, match="project was removed"):
        people.add(replace(ALICE, name="carol", project=99))
    people.remove("bob")
    assert people.people() == [ALICE]
    for act in (people.remove, lambda name: people.set_login(name, SECRET)):
        with pytest.raises(NotFound):
            act("bob")


def test_a_session_acts_as_its_holder_is_now(
    people: SqlPersonStore, sessions: SqlSessionStore, engine: Engine
) -> None:
    people.add(ALICE)
    SqlApiKeyStore(engine).add(KEY)
    sessions.add("a", ALICE, NOW)
    sessions.add("k", KEY, NOW)
    kept = sessions.find("a")
    assert kept is not None
    assert (kept.actor, kept.begun_at, kept.seen_at) == (ALICE.actor, NOW, NOW)
    found = sessions.find("k")
    assert found is not None
    assert found.actor == KEY.actor
    sessions.seen("a", LATER)
    seen = sessions.find("a")
    assert seen is not None
    assert (seen.begun_at, seen.seen_at) == (NOW, LATER)
    sessions.remove("a")
    assert sessions.find("a") is None


def test_it_ends_with_the_key_the_password_the_person_and_the_project(
    people: SqlPersonStore, sessions: SqlSessionStore, engine: Engine
) -> None:
    keys, accounts = SqlApiKeyStore(engine), SqlAccountStore(engine)
    keys.add(KEY)
    sessions.add("k", KEY, NOW)
    keys.revoke(KEY.id, NOW)
    assert sessions.find("k") is None

    people.add(ALICE)
    sessions.add("a", ALICE, NOW)
    people.set_login("alice", SECRET)
    assert sessions.find("a") is None

    alice = replace(ALICE, login_hash=SECRET)
    sessions.add("a", alice, NOW)
    people.remove("alice")
    assert sessions.find("a") is None

    shop = accounts.add_project(name="shop", created_at=NOW)
    people.add(replace(alice, project=shop.id))
    sessions.add("a", alice, NOW)
    accounts.delete_project("shop")
    assert sessions.find("a") is None
    assert people.people() == []


def test_what_ended_meanwhile_begins_no_session(
    people: SqlPersonStore, sessions: SqlSessionStore, engine: Engine
) -> None:
    people.add(ALICE)
    people.set_login("alice", SECRET)
    revoked = replace(KEY, id="00000000")
    SqlApiKeyStore(engine).add(revoked)
    SqlApiKeyStore(engine).revoke(revoked.id, NOW)
    for holder in (ALICE, replace(ALICE, name="bob"), KEY, revoked):
        with pytest.raises(NotFound, match="sign in again"):
            sessions.add("a", holder, NOW)


def test_old_ones_are_removed(people: SqlPersonStore, sessions: SqlSessionStore) -> None:
    people.add(ALICE)
    for name in ("begun", "idle", "live"):
        sessions.add(name, ALICE, NOW if name == "begun" else LATER)
        sessions.seen(name, NOW if name == "idle" else LATER)
    sessions.remove_ended(begun_before=NOW, seen_before=NOW)
    assert [name for name in ("begun", "idle", "live") if sessions.find(name)] == ["live"]


@each_fault_for_writers
def test_a_database_that_is_away_is_told(
    people: SqlPersonStore, sessions: SqlSessionStore, database: Database, fault: Fault
) -> None:
    people.add(ALICE)
    with fault(database):
        with pytest.raises(StoreUnavailable):
            people.add(replace(ALICE, name="bob"))
        with pytest.raises(StoreUnavailable):
            sessions.add("a", ALICE, NOW)
    assert people.people() == [ALICE]
