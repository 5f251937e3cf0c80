"""Several workers that do the same: the dead are replaced."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Final, Generic

from service.workers.numbers import WorkerNumbers
from service.workers.process import W, WorkerError

log = logging.getLogger("waypost.service")

LONGEST_WAIT: Final = 30.0  # seconds until a worker that keeps dying is started again
PROVEN_SECONDS: Final = 60.0  # a worker that lived for so long died by chance, not for a reason that lasts


def worker_count(setting: int) -> int:
    """Return how many workers a setting means; 0 is one for each core that this process may use."""
    if setting:
        return setting
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def restart_wait(deaths: int) -> float:
    """Return the seconds until the next start, after so many deaths in a row: 1, 2, 4 … 30."""
    return min(2.0 ** min(deaths - 1, 10), LONGEST_WAIT)  # 2.0 ** 1024 is no number any more


class WorkerPool(Generic[W]):
    """`count` workers.

    `spawn` starts one; `ended` is told the process id of each that ended, and `died` of each that was not
    told to; `wait` gives the seconds until the next start.
    """

    def __init__(
        self,
        count: int,
        spawn: Callable[[], Awaitable[W]],
        *,
        ended: Callable[[int], None] = lambda pid: None,
        died: Callable[[], None] = lambda: None,
        wait: Callable[[int], float] = restart_wait,
    ) -> None:
        self.restarts = 0
        self.workers: set[W] = set()
        self._count = count
        self._spawn = spawn
        self._ended = ended
        self._died = died
        self._wait = wait
        self._keepers: list[asyncio.Task[None]] = []

    @property
    def takes(self) -> bool:
        """Whether at least one takes connections."""
        return any(worker.takes for worker in self.workers)

    async def start(self) -> None:
        """Start all of them. Raises WorkerError, with none left behind."""
        began = await asyncio.gather(*(self._start_one() for _ in range(self._count)), return_exceptions=True)
        faults = [outcome for outcome in began if isinstance(outcome, BaseException)]
        if faults:
            await self.stop(0)
            raise faults[0]
        self._keepers = [asyncio.create_task(self._keep(worker)) for worker in self.workers]

    async def retire(self) -> None:
        """Return when every worker's last client has gone, and the workers with them."""
        await self._leave()
        for worker in self.workers:
            worker.retire()
        await self._all_ended()

    async def stop(self, grace: float) -> None:
        """End them within `grace` seconds and a little."""
        await self._leave()
        await asyncio.gather(*(worker.stop(grace) for worker in self.workers))
        await self._all_ended()

    async def _leave(self) -> None:
        """Replace no worker any more."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)

    async def _all_ended(self) -> None:
        await asyncio.gather(*(self._end_of(worker) for worker in self.workers))

    async def _start_one(self) -> None:
        worker = await self._spawn()
        self.workers.add(worker)
        await worker.ready()

    async def _keep(self, worker: W) -> None:
        """Replace the worker each time that it dies, less eagerly each time that it dies soon."""
        loop = asyncio.get_running_loop()
        deaths = 0
        while True:
            began = loop.time()
            how = await self._end_of(worker)
            self._died()
            deaths = 1 if loop.time() - began > PROVEN_SECONDS else deaths + 1
            wait = self._wait(deaths)
            log.error("%s worker %d died (%s); another starts in %g s", worker.kind, worker.pid, how, wait)
            await asyncio.sleep(wait)
            worker = await self._another()
            self.workers.add(worker)
            self.restarts += 1

    async def _another(self) -> W:
        while True:
            try:
                return await self._spawn()
            except WorkerError as error:
                log.error("%s; next attempt in %g s", error, LONGEST_WAIT)
                await asyncio.sleep(LONGEST_WAIT)

    async def _end_of(self, worker: W) -> str:
        how = await worker.ended()
        if worker in self.workers:
            self.workers.discard(worker)
            self._ended(worker.pid)
        return how


async def in_slot(numbers: WorkerNumbers, spawn: Callable[[int], Awaitable[W]]) -> W:
    """Start a worker with a slot for its metrics."""
    slot = numbers.take_slot()
    try:
        worker = await spawn(slot)
    except BaseException:
        numbers.give_back(slot)
        raise
    numbers.began(worker.pid, worker.kind, slot)
    return worker
