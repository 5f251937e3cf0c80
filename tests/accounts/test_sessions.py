from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from accounts.actors import Scope
from accounts.people import Person
from accounts.secret_hash import NOBODY
from accounts.sessions import Sessions
from tests.accounts.memory_logins import MemorySessionStore

BEGUN = datetime(2026, 11, 21, 12, tzinfo=UTC)
ALICE = Person(name="alice", project=None, scope=Scope.ADMIN, login_hash=NOBODY, created_at=BEGUN)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@dataclass
class Clock:
    now: datetime = field(default=BEGUN)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store() -> MemorySessionStore:
    return MemorySessionStore()


@pytest.fixture
def sessions(store: MemorySessionStore, clock: Clock) -> Sessions:
    seeds = count(1)
    return Sessions(store=store, clock=clock, random_bytes=lambda number: next(seeds).to_bytes(number, "big"))


def test_a_token_opens_its_session_alone(sessions: Sessions) -> None:
    first, second = sessions.begin(ALICE), sessions.begin(ALICE)
    assert first != second
    assert len(first) == 43  # 256 bits
    found, other = sessions.find(first), sessions.find(second)
    assert found is not None
    assert other is not None
    assert found.actor == ALICE.actor
    assert found.form_token != other.form_token
    for forged in ("", first[:-1], first + "A", first.swapcase(), "\udc80"):
        assert sessions.find(forged) is None
    sessions.end(first)
    sessions.end(first)
    assert sessions.find(first) is None
    assert sessions.find(second) is not None


def test_the_token_is_in_nothing_that_is_kept_or_shown(sessions: Sessions, store: MemorySessionStore) -> None:
    token = sessions.begin(ALICE)
    found = sessions.find(token)
    assert found is not None
    [kept] = store.kept.values()
    assert token not in f"{store.kept} {found}"
    assert found.form_token not in f"{store.kept} {found}"
    assert kept.token_hash not in f"{found} {kept}"


def test_one_that_is_not_used_ends(sessions: Sessions, clock: Clock) -> None:
    token = sessions.begin(ALICE)
    clock.now += 12 * HOUR - SECOND
    assert sessions.find(token)
    clock.now += 12 * HOUR - SECOND
    assert sessions.find(token)
    clock.now += 12 * HOUR
    assert sessions.find(token) is None


def test_none_goes_on_for_ever(sessions: Sessions, clock: Clock) -> None:
    token = sessions.begin(ALICE)
    for _ in range(7 * 24 - 1):
        clock.now += HOUR
        assert sessions.find(token)
    clock.now += HOUR
    assert sessions.find(token) is None


def test_most_requests_write_nothing(sessions: Sessions, store: MemorySessionStore, clock: Clock) -> None:
    token = sessions.begin(ALICE)
    for _ in range(60):
        sessions.find(token)
        clock.now += 10 * SECOND
    assert store.uses == 1


def test_ended_ones_go_when_somebody_signs_in(
    sessions: Sessions, store: MemorySessionStore, clock: Clock
) -> None:
    sessions.begin(ALICE)
    clock.now += 12 * HOUR
    token = sessions.begin(ALICE)
    assert len(store.kept) == 1
    assert sessions.find(token)
