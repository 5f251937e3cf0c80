import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, update

from domains.due import Backlog
from domains.errors import StoreUnavailable
from domains.history import Step
from domains.model import TrackingDomain
from storage.domain_store import SqlDomainStore
from storage.domain_tables import tracking_domains
from storage.engine import open_engine, transaction
from storage.leases import SqlCheckLeases
from tests.domains.store_contract import PROJECT, TARGET
from tests.storage.databases import Database
from tests.storage.faults import Fault, each_fault_for_readers, each_fault_for_writers

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
LONG = 3_600.0
OVER = -1.0  # seconds of a lease that has ended when it begins


@pytest.fixture
def store(engine: Engine) -> SqlDomainStore:
    return SqlDomainStore(engine)


@pytest.fixture
def leases(engine: Engine) -> SqlCheckLeases:
    return SqlCheckLeases(engine)


def add(store: SqlDomainStore, number: int = 0, *, due: datetime = NOW - HOUR) -> TrackingDomain:
    """Add a domain whose next check is then."""
    return store.add_tracking_domain(
        project=PROJECT, name=f"t{number}.example.com", target=TARGET, created_at=due
    )


def names(domains: list[TrackingDomain]) -> list[str]:
    return sorted(domain.name for domain in domains)


def test_what_is_due_is_taken_as_it_is_stored(store: SqlDomainStore, leases: SqlCheckLeases) -> None:
    domain = add(store)
    assert leases.take_due("here", limit=10, seconds=LONG) == [domain]


def test_what_is_not_due_is_left(store: SqlDomainStore, leases: SqlCheckLeases) -> None:
    add(store, due=NOW + HOUR)
    assert leases.take_due("here", limit=10, seconds=LONG) == []


def test_a_domain_without_a_next_check_is_left(store: SqlDomainStore, leases: SqlCheckLeases) -> None:
    domain = add(store)
    store.record(Step(before=domain, after=replace(domain, next_check_at=None)))
    assert leases.take_due("here", limit=10, seconds=LONG) == []


def test_what_is_leased_is_taken_by_nobody_else(store: SqlDomainStore, leases: SqlCheckLeases) -> None:
    add(store)
    leases.take_due("here", limit=10, seconds=LONG)
    assert leases.take_due("there", limit=10, seconds=LONG) == []
    assert leases.take_due("here", limit=10, seconds=LONG) == []


def test_a_lease_ends_by_itself(store: SqlDomainStore, leases: SqlCheckLeases) -> None:
    domain = add(store)
    leases.take_due("here", limit=10, seconds=OVER)
    assert leases.take_due("there", limit=10, seconds=LONG) == [domain]


def test_the_longest_due_come_first(store: SqlDomainStore, leases: SqlCheckLeases) -> None:
    for number in range(4):
        add(store, number, due=NOW - HOUR * (number + 1))
    assert names(leases.take_due("here", limit=2, seconds=LONG)) == ["t2.example.com", "t3.example.com"]
    assert names(leases.take_due("there", limit=9, seconds=LONG)) == ["t0.example.com", "t1.example.com"]


def test_a_release_gives_back_ones_own_alone(store: SqlDomainStore, leases: SqlCheckLeases) -> None:
    add(store, 0, due=NOW - 2 * HOUR)
    add(store, 1)
    leases.take_due("here", limit=1, seconds=LONG)
    leases.take_due("there", limit=1, seconds=LONG)
    leases.release("here")
    assert names(leases.take_due("elsewhere", limit=9, seconds=LONG)) == ["t0.example.com"]


def test_a_recorded_check_ends_the_lease(store: SqlDomainStore, leases: SqlCheckLeases) -> None:
    add(store)
    [domain] = leases.take_due("here", limit=9, seconds=LONG)
    # Due again at once, as after another target was set.
    after = store.record(Step(before=domain, after=replace(domain, next_check_at=NOW - HOUR / 2)))
    assert leases.take_due("there", limit=9, seconds=LONG) == [after]


def test_leases_are_no_change_that_others_read(store: SqlDomainStore, leases: SqlCheckLeases) -> None:
    domain = add(store)
    before = store.version()
    leases.take_due("here", limit=9, seconds=LONG)
    leases.release("here")
    assert store.version() == before
    assert store.tracking_domains() == [domain]


def test_the_backlog_is_what_is_due_and_not_leased(store: SqlDomainStore, leases: SqlCheckLeases) -> None:
    assert leases.backlog() == Backlog()
    for number in range(3):
        add(store, number, due=NOW - HOUR * (number + 1))
    add(store, 9, due=NOW + HOUR)
    before = leases.backlog()
    assert before.waiting == 3
    assert 3 * LONG <= before.oldest_seconds < 4 * LONG
    leases.take_due("here", limit=1, seconds=LONG)
    after = leases.backlog()
    assert after.waiting == 2
    assert 2 * LONG <= after.oldest_seconds < 3 * LONG


def test_a_lease_is_as_long_as_was_asked_for(
    store: SqlDomainStore, leases: SqlCheckLeases, engine: Engine, database: Database
) -> None:
    add(store)
    leases.take_due("here", limit=1, seconds=LONG)
    with transaction(engine, writes=False, raising=AssertionError) as connection:
        until = connection.execute(tracking_domains.select()).one().leased_until
    [[now]] = database.execute("SELECT CURRENT_TIMESTAMP")
    clock = now if isinstance(now, datetime) else datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert clock + timedelta(minutes=59) < until <= clock + HOUR


def test_many_at_a_time_never_take_the_same(store: SqlDomainStore, database: Database) -> None:
    for number in range(60):
        add(store, number)
    start = threading.Barrier(6)

    def take_all(owner: str) -> list[TrackingDomain]:
        engine = open_engine(database.url)
        try:
            own, leases = [], SqlCheckLeases(engine)
            start.wait(20)
            while taken := leases.take_due(owner, limit=3, seconds=LONG):
                own += taken
            return own
        finally:
            engine.dispose()

    with ThreadPoolExecutor(6) as pool:
        shares = list(pool.map(take_all, "abcdef"))
    taken = [domain.name for share in shares for domain in share]
    assert len(taken) == len(set(taken)) == 60


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_taking_skips_what_another_transaction_is_about(
    store: SqlDomainStore, leases: SqlCheckLeases, database: Database
) -> None:
    add(store, 0)
    add(store, 1)
    engine = open_engine(database.url)
    with transaction(engine, writes=True, raising=AssertionError) as connection:
        own = tracking_domains.c
        connection.execute(update(tracking_domains).where(own.name == "t0.example.com").values(doubts=1))
        assert names(leases.take_due("here", limit=9, seconds=LONG)) == ["t1.example.com"]
    engine.dispose()


CALLS: dict[str, Callable[[SqlCheckLeases], object]] = {
    "take": lambda leases: leases.take_due("here", limit=1, seconds=OVER),
    "release": lambda leases: leases.release("here"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@each_fault_for_writers
def test_a_database_that_is_away_is_told_and_used_again(
    leases: SqlCheckLeases, database: Database, fault: Fault, call: Callable[[SqlCheckLeases], object]
) -> None:
    with fault(database), pytest.raises(StoreUnavailable, match=re.escape(database.shown)):
        call(leases)
    call(leases)


@each_fault_for_readers
def test_the_backlog_of_a_database_that_is_away(
    leases: SqlCheckLeases, database: Database, fault: Fault
) -> None:
    with fault(database), pytest.raises(StoreUnavailable, match=re.escape(database.shown)):
        leases.backlog()
    assert leases.backlog() == Backlog()
