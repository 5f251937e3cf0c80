"""What stored clicks and opens need from time to time, beside being judged."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from time import monotonic
from typing import Final

from events.ports import HitPartitions, StoreUnavailable, SummingStore
from events.retention import KeepingRules, event_limit
from service.alarm import Alarm
from service.unbroken import unbroken
from service.work_lease import LeasedWork, WorkLease

log = logging.getLogger("waypost.service")

PARTITIONS_SECONDS: Final = 3600.0  # between two looks; there are some for months ahead
RETRY_SECONDS: Final = 60.0
SUM_SECONDS: Final = 60.0  # between two looks for days to sum
SUM_PAUSE: Final = 3  # times as long as summing a day took: the database is there for others, too


class Partitioner:
    """Has hits of the next months find their partitions. Every machine does it: it is hardly any work."""

    def __init__(self, partitions: HitPartitions, *, clock: Callable[[], int]) -> None:
        self._partitions = partitions
        self._clock = clock
        self._alarm = Alarm(log, "partitions")

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            made = await unbroken(asyncio.to_thread(self.make_ahead), otherwise=False)
            await asyncio.sleep(PARTITIONS_SECONDS if made else RETRY_SECONDS)

    def make_ahead(self) -> bool:
        """Make what is missing; False where that has to be tried again."""
        try:
            for name in self._partitions.make_ahead(self._clock()):
                log.info("partition %s made", name)
        except StoreUnavailable as error:
            self._alarm.failed(f"{error} Until then clicks and opens of new months go into hits_default")
            return False
        self._alarm.well()
        return True


class Summer:
    """Has days summed that are over, or have changed since; one of all machines does it."""

    def __init__(
        self,
        store: SummingStore,
        lease: WorkLease,
        *,
        rules: Callable[[], KeepingRules],
        clock: Callable[[], int],
    ) -> None:
        self._store = store
        self._rules = rules
        self._clock = clock
        work = LeasedWork(
            lease,
            self._sum_newest,
            Alarm(log, "sums"),
            meanwhile="Until days are summed, statistics take longer",
        )
        self.sum_one, self.leave = work.do_one, work.leave

    async def run(self) -> None:
        """Sum until cancelled, a day at a time."""
        while True:
            begun = monotonic()
            found = await unbroken(asyncio.to_thread(self.sum_one), otherwise=False)
            await asyncio.sleep(SUM_PAUSE * (monotonic() - begun) if found else SUM_SECONDS)

    def _sum_newest(self) -> bool:
        now = self._clock()
        return self._store.sum_newest(now, event_limit(self._rules(), now).of)


@contextlib.asynccontextmanager
async def keeping_up(partitioner: Partitioner, summer: Summer) -> AsyncIterator[None]:
    """Make partitions and sum days all the time."""
    tasks = [asyncio.create_task(partitioner.run()), asyncio.create_task(summer.run())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await asyncio.to_thread(summer.leave)
