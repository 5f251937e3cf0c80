import asyncio
from collections.abc import Callable, Sequence

import pytest

from events.ports import StoreUnavailable, Work
from events.retention import DAY, Keeping, KeepingRules
from service.event_upkeep import Partitioner, Summer, keeping_up
from service.work_lease import WorkLease
from tests.events.memory_leases import MemoryLeases

NOW = 100 * DAY


class Partitions:
    """Makes one each time; may be away."""

    def __init__(self) -> None:
        self.away, self.asked = False, list[int]()

    def make_ahead(self, now: int) -> Sequence[str]:
        if self.away:
            raise StoreUnavailable("The database is away.")
        self.asked.append(now)
        return ["hits_2026_11"]

    def drop_before(self, before: int) -> Sequence[str]:
        return []


class Days:
    """So many to sum; may be away."""

    def __init__(self, left: int) -> None:
        self.left, self.away, self.asked = left, False, list[tuple[int, int]]()

    def sum_newest(self, now: int, gone: Callable[[int], int]) -> bool:
        if self.away:
            raise StoreUnavailable("The database is away.")
        self.asked.append((now, gone(1)))
        self.left -= 1
        return self.left >= 0


def summer(days: Days, leases: MemoryLeases) -> Summer:
    rules = KeepingRules(default=Keeping(message_days=1, event_days=2))
    return Summer(days, WorkLease(leases, Work.SUMMING), rules=lambda: rules, clock=lambda: NOW)


def test_partitions_are_made_and_days_are_summed_from_the_start_on() -> None:
    partitions, days, leases = Partitions(), Days(3), MemoryLeases()

    async def run() -> None:
        async with keeping_up(Partitioner(partitions, clock=lambda: 7), summer(days, leases)):
            while not partitions.asked or len(days.asked) < 4:  # noqa: ASYNC110 - threads set no event
                await asyncio.sleep(0)

    asyncio.run(run())
    assert partitions.asked == [7]
    assert (days.left, days.asked) == (-1, [(NOW, NOW - 2 * DAY)] * 4)
    assert summer(Days(1), leases).sum_one()  # the lease was given back


def test_one_of_all_machines_sums() -> None:
    leases, days = MemoryLeases(), Days(5)
    one, other = summer(days, leases), summer(days, leases)
    assert [one.sum_one(), other.sum_one()] == [True, False]
    one.leave()
    assert other.sum_one()


def test_a_database_that_is_away_delays_sums_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    days = Days(1)
    days.away = True
    own = summer(days, MemoryLeases())
    assert [own.sum_one() for _ in range(3)] == [False] * 3
    days.away = False
    assert own.sum_one()
    assert caplog.text.count("statistics take longer") == 1


def test_a_database_that_is_away_is_told_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    partitions = Partitions()
    partitioner = Partitioner(partitions, clock=lambda: 7)
    partitions.away = True
    assert [partitioner.make_ahead() for _ in range(3)] == [False] * 3
    partitions.away = False
    assert partitioner.make_ahead()
    assert caplog.text.count("hits_default") == 1
