import asyncio
from collections.abc import Sequence

import pytest

from events.ports import StoreUnavailable
from service.event_upkeep import Partitioner, partitioning


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


def test_partitions_are_made_from_the_start_on() -> None:
    partitions = Partitions()

    async def run() -> None:
        async with partitioning(Partitioner(partitions, clock=lambda: 7)):
            while not partitions.asked:  # noqa: ASYNC110 - a thread asks, which sets no event
                await asyncio.sleep(0)

    asyncio.run(run())
    assert partitions.asked == [7]


def test_a_database_that_is_away_is_told_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    partitions = Partitions()
    partitioner = Partitioner(partitions, clock=lambda: 7)
    partitions.away = True
    assert [partitioner.make_ahead() for _ in range(3)] == [False] * 3
    partitions.away = False
    assert partitioner.make_ahead()
    assert caplog.text.count("hits_default") == 1
