import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from accounts.model import Project
from accounts.privacy import ProjectPrivacy
from events.ports import Place, StoreUnavailable, Work
from events.retention import DAY, Keeping, KeepingRules, Limit
from links.recipients import RecipientTracking
from service.retention import Retention, keeping_rules
from service.settings import PrivacySection
from service.work_lease import WorkLease
from tests.events.memory_leases import MemoryLeases

NOW = 20_000 * DAY
RULES = KeepingRules(default=Keeping(message_days=30, event_days=395))


class Store:
    """`RetentionStore` that counts: two steps of hits, nothing else."""

    def __init__(self) -> None:
        self.away = False
        self.wiped = 0
        self.read = False  # by somebody, so that it cannot be wiped
        self.hits = [3, 2]
        self.limits: list[Limit] = []

    def unname(self, anonymous: Limit, others: Limit, beyond: str) -> tuple[int, str | None]:
        self._ask()
        self.limits = [anonymous, others]
        return 0, None

    def delete_hits(self, limit: Limit, beyond: Place) -> tuple[int, Place | None]:
        self._ask()
        if not self.hits:
            return 0, None
        return self.hits.pop(), (1, "a") if self.hits else None

    def delete_outcomes(self, limit: Limit, beyond: Place) -> tuple[int, Place | None]:
        return 0, None

    def delete_messages(self, limit: Limit, beyond: str) -> tuple[int, str | None]:
        return 0, None

    def delete_wishes(self, before: int) -> None:
        self._ask()

    def wipe(self) -> bool:
        self.wiped += not self.read
        return not self.read

    def _ask(self) -> None:
        if self.away:
            raise StoreUnavailable("The database is away.")


class Partitions:
    def __init__(self) -> None:
        self.dropped: list[int] = []

    def make_ahead(self, now: int) -> Sequence[str]:
        return []

    def drop_before(self, before: int) -> Sequence[str]:
        self.dropped.append(before)
        return []


def retention(
    store: Store, leases: MemoryLeases, partitions: Partitions | None = None, now: Sequence[float] = (0.0,)
) -> Retention:
    return Retention(
        store,
        partitions or Partitions(),
        WorkLease(leases, Work.RETENTION, monotonic=lambda: leases.now),
        rules=lambda: RULES,
        clock=lambda: NOW,
        monotonic=lambda: now[0],
    )


def test_a_round_deletes_wipes_and_tells(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    store, leases, partitions = Store(), MemoryLeases(), Partitions()
    assert asyncio.run(retention(store, leases, partitions).round())
    assert (store.hits, store.wiped) == ([], 1)
    assert partitions.dropped == [NOW - 395 * DAY]
    assert [limit.default for limit in store.limits] == [NOW - 30 * DAY, NOW - 395 * DAY]
    assert "5 clicks and opens" in caplog.text


def test_a_round_without_anything_tells_and_wipes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    store = Store()
    store.hits = []
    assert asyncio.run(retention(store, MemoryLeases()).round())
    assert (store.wiped, caplog.text) == (0, "")


def test_files_that_are_read_are_wiped_in_the_next_round() -> None:
    store = Store()
    store.read = True
    one = retention(store, MemoryLeases())
    assert not asyncio.run(one.round())
    store.read = False
    assert asyncio.run(one.round())
    assert store.wiped == 1


def test_one_machine_does_it_until_it_ends() -> None:
    store, leases = Store(), MemoryLeases()
    one, other = retention(store, leases), retention(store, leases)
    assert asyncio.run(one.round())
    store.hits = [1]
    assert not asyncio.run(other.round())
    assert store.hits == [1]
    one.stop()
    assert asyncio.run(other.round())
    assert store.hits == []


def test_a_database_that_is_away_is_told_once_and_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    store = Store()
    store.away = True
    one = retention(store, MemoryLeases())
    assert not asyncio.run(one.round())
    assert not asyncio.run(one.round())
    assert caplog.text.count("What is past its time is deleted later") == 1
    store.away = False
    assert asyncio.run(one.round())


def test_a_project_says_what_it_says_and_the_settings_the_rest() -> None:
    def project(number: int, privacy: ProjectPrivacy) -> Project:
        return Project(id=number, name=f"p{number}", privacy=privacy, created_at=datetime.now(UTC))

    projects = [
        project(1, ProjectPrivacy()),
        project(2, ProjectPrivacy(event_days=0)),
        project(3, ProjectPrivacy(message_days=1, recipients=RecipientTracking.NONE)),
    ]
    section = PrivacySection(message_days=10, event_days=20)
    assert keeping_rules(section, projects) == KeepingRules(
        default=Keeping(message_days=10, event_days=20),
        projects={2: Keeping(message_days=10, event_days=0), 3: Keeping(message_days=1, event_days=20)},
    )


def test_how_long_no_round_has_ended_is_known() -> None:
    store, leases, now = Store(), MemoryLeases(), [0.0]
    one, other = retention(store, leases, now=now), retention(store, leases, now=now)
    store.away, now[0] = True, 100.0
    assert not asyncio.run(one.round())
    assert one.age() == 100
    store.away = False
    assert asyncio.run(one.round())
    assert one.age() == 0
    assert other.age() == 100
    assert not asyncio.run(other.round())  # it is the work of one
    assert other.age() == 0
