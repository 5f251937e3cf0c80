"""The relay in N processes: each connection goes to the one with the fewest, the dead are replaced."""

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Final

from relay.acceptor import refuse
from relay.listener import Listener
from relay.replies import Reply
from service.workers.process import WorkerError, WorkerProcess

log = logging.getLogger("waypost.service")

LONGEST_WAIT: Final = 30.0  # seconds until a worker that keeps dying is started again
PROVEN_SECONDS: Final = 60.0  # a worker that lived for so long died by chance, not for a reason that lasts

UNAVAILABLE: Final = Reply(421, "4.3.2", "Not available now, try again later")

Spawn = Callable[[], Awaitable[WorkerProcess]]


def worker_count(setting: int) -> int:
    """Return how many workers `relay.workers` means; 0 is one for each core that this process may use."""
    if setting:
        return setting
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def restart_wait(deaths: int) -> float:
    """Return the seconds until the next start, after so many deaths in a row: 1, 2, 4 … 30."""
    return min(2.0 ** min(deaths - 1, 10), LONGEST_WAIT)  # 2.0 ** 1024 is no number any more


class WorkerPool:
    """A generation of the relay in `count` processes.

    `spawn` starts one; `ended` is told the process id of each that ended; `wait` gives the seconds until the
    next start.
    """

    def __init__(
        self,
        count: int,
        spawn: Spawn,
        *,
        ended: Callable[[int], None] = lambda pid: None,
        wait: Callable[[int], float] = restart_wait,
    ) -> None:
        self.restarts = 0
        self._count = count
        self._spawn = spawn
        self._ended = ended
        self._wait = wait
        self._workers: set[WorkerProcess] = set()
        self._keepers: list[asyncio.Task[None]] = []

    @property
    def workers(self) -> list[tuple[int, int]]:
        """Process id and connections of each that runs."""
        return [(worker.pid, worker.connected) for worker in self._workers]

    @property
    def takes(self) -> bool:
        """Whether at least one takes connections."""
        return any(worker.takes for worker in self._workers)

    async def start(self) -> None:
        """Start all of them. Raises WorkerError, with none left behind."""
        began = await asyncio.gather(*(self._start_one() for _ in range(self._count)), return_exceptions=True)
        faults = [outcome for outcome in began if isinstance(outcome, BaseException)]
        if faults:
            await self.stop(0)
            raise faults[0]
        self._keepers = [asyncio.create_task(self._keep(worker)) for worker in self._workers]

    def adopt(self, sock: socket.socket, listener: Listener, on_closed: Callable[[], None]) -> None:
        """Hand the connection to the worker with the fewest; send it away where there is none."""
        takers = [worker for worker in self._workers if worker.takes]
        try:
            if takers:
                min(takers, key=lambda worker: worker.connected).adopt(sock, listener, on_closed)
                return
        except OSError as error:  # ETOOMANYREFS: too many descriptors are under way
            log.error("a connection could not be handed to a worker: %s", error.strerror)
        refuse(sock, listener, UNAVAILABLE)
        on_closed()

    async def retire(self) -> None:
        """Return when every worker's last client has gone, and the workers with them."""
        await self._leave()
        for worker in self._workers:
            worker.retire()
        await self._all_ended()

    async def stop(self, grace: float) -> None:
        """End them within `grace` seconds and a little."""
        await self._leave()
        await asyncio.gather(*(worker.stop(grace) for worker in self._workers))
        await self._all_ended()

    async def _leave(self) -> None:
        """Replace no worker any more."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)

    async def _all_ended(self) -> None:
        await asyncio.gather(*(self._end_of(worker) for worker in self._workers))

    async def _start_one(self) -> None:
        worker = await self._spawn()
        self._workers.add(worker)
        await worker.ready()

    async def _keep(self, worker: WorkerProcess) -> None:
        """Replace the worker each time that it dies, less eagerly each time that it dies soon."""
        loop = asyncio.get_running_loop()
        deaths = 0
        while True:
            began = loop.time()
            how = await self._end_of(worker)
            deaths = 1 if loop.time() - began > PROVEN_SECONDS else deaths + 1
            wait = self._wait(deaths)
            log.error("relay worker %d died (%s); another starts in %g s", worker.pid, how, wait)
            await asyncio.sleep(wait)
            worker = await self._another()
            self._workers.add(worker)
            self.restarts += 1

    async def _another(self) -> WorkerProcess:
        while True:
            try:
                return await self._spawn()
            except WorkerError as error:
                log.error("%s; next attempt in %g s", error, LONGEST_WAIT)
                await asyncio.sleep(LONGEST_WAIT)

    async def _end_of(self, worker: WorkerProcess) -> str:
        how = await worker.ended()
        if worker in self._workers:
            self._workers.discard(worker)
            self._ended(worker.pid)
        return how
