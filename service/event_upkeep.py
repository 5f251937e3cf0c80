"""What stored clicks and opens need from time to time, beside being judged."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from typing import Final

from events.ports import HitPartitions, StoreUnavailable
from service.alarm import Alarm

log = logging.getLogger("waypost.service")

PARTITIONS_SECONDS: Final = 3600.0  # between two looks; there are some for months ahead
RETRY_SECONDS: Final = 60.0


class Partitioner:
    """Has hits of the next months find their partitions. Every machine does it: it is hardly any work."""

    def __init__(self, partitions: HitPartitions, *, clock: Callable[[], int]) -> None:
        self._partitions = partitions
        self._clock = clock
        self._alarm = Alarm(log, "partitions")

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            made = await asyncio.to_thread(self.make_ahead)
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


@contextlib.asynccontextmanager
async def partitioning(partitioner: Partitioner) -> AsyncIterator[None]:
    """Make partitions all the time."""
    task = asyncio.create_task(partitioner.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
