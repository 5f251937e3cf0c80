import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from events.ports import StoreUnavailable, Work
from storage.engine import open_engine
from storage.work_leases import SqlWorkLeases
from tests.storage.databases import Database
from tests.storage.faults import Fault, each_fault_for_writers

LONG = 3_600.0
OVER = -1.0  # seconds of a lease that has ended when it begins


@pytest.fixture
def leases(engine: Engine) -> SqlWorkLeases:
    return SqlWorkLeases(engine)


def test_a_lease_is_held_by_one_who_may_renew_it(leases: SqlWorkLeases) -> None:
    assert leases.take(Work.JUDGING, "here", seconds=LONG)
    assert not leases.take(Work.JUDGING, "there", seconds=LONG)
    assert leases.take(Work.JUDGING, "here", seconds=LONG)


def test_a_lease_that_has_ended_is_taken_over(leases: SqlWorkLeases) -> None:
    leases.take(Work.JUDGING, "here", seconds=OVER)
    assert leases.take(Work.JUDGING, "there", seconds=LONG)
    assert not leases.take(Work.JUDGING, "here", seconds=LONG)


def test_a_renewed_lease_begins_anew(leases: SqlWorkLeases) -> None:
    leases.take(Work.JUDGING, "here", seconds=LONG)
    leases.take(Work.JUDGING, "here", seconds=OVER)
    assert leases.take(Work.JUDGING, "there", seconds=LONG)


def test_a_release_ends_ones_own_alone(leases: SqlWorkLeases) -> None:
    leases.take(Work.JUDGING, "here", seconds=LONG)
    leases.release(Work.JUDGING, "there")
    assert not leases.take(Work.JUDGING, "there", seconds=LONG)
    leases.release(Work.JUDGING, "here")
    assert leases.take(Work.JUDGING, "there", seconds=LONG)


def test_of_many_that_ask_at_a_time_one_gets_it(database: Database) -> None:
    start = threading.Barrier(6)

    def take(owner: str) -> bool:
        engine = open_engine(database.url)
        try:
            start.wait(20)
            return SqlWorkLeases(engine).take(Work.JUDGING, owner, seconds=LONG)
        finally:
            engine.dispose()

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(take, "abcdef")) == [False] * 5 + [True]


CALLS: dict[str, Callable[[SqlWorkLeases], object]] = {
    "take": lambda leases: leases.take(Work.JUDGING, "here", seconds=OVER),
    "release": lambda leases: leases.release(Work.JUDGING, "here"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@each_fault_for_writers
def test_a_database_that_is_away_is_told_and_used_again(
    leases: SqlWorkLeases, database: Database, fault: Fault, call: Callable[[SqlWorkLeases], object]
) -> None:
    with fault(database), pytest.raises(StoreUnavailable, match=re.escape(database.shown)):
        call(leases)
    call(leases)
