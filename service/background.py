"""What goes on beside mail and clicks.

What is in memory is kept fresh, the journal is carried to the database, tracking domains are checked and have
certificates.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

from events.ports import EventStore, JudgingStore, StoreUnavailable
from events.shipping import Shipped, ship
from service.alarm import Alarm
from service.certificates.issuing import CertificateWork
from service.daemon_thread import in_daemon_thread
from service.domain_checks.background import POLL_SECONDS
from service.live.check_backlog import LiveBacklog
from service.live.freshness import Freshness
from service.live.webhook_health import LiveWebhookHealth
from service.machine import LOOK_SECONDS, Machine
from service.settings import Settings
from service.unbroken import unbroken
from service.wiring import Live
from service.work_lease import LeasedWork, WorkLease
from service.workers.background_process import BackgroundProcess

log = logging.getLogger("waypost.service")

KEYS_SECONDS: Final = 1.0  # between two looks at the key ring's file
LONGEST_WAIT_SECONDS: Final = 30.0  # between two attempts at a database that is away
ORDERS_SECONDS: Final = 1.0  # between two looks for domains that need a certificate
LAST_ORDER_SECONDS: Final = 5.0  # at the end; an order that is cut off is made again when its lease has ended
JUDGE_SECONDS: Final = 5.0  # between two looks for hits to judge by what surrounds them
WEBHOOKS_SECONDS: Final = 2.0  # between two looks for webhooks, and at how they fare
LAST_SHIPPING_SECONDS: Final = 10.0  # at the end; the rest waits for the next start


@contextlib.asynccontextmanager
async def keep_fresh(settings: Settings, live: Live, refresh: Callable[[], None]) -> AsyncIterator[None]:
    """Keep keys as fresh as their file is, and hand records to the shipper; `refresh` does the rest."""
    tasks = [
        asyncio.create_task(Freshness(live.notifications, refresh).run()),
        asyncio.create_task(_every(KEYS_SECONDS, live.ring.refresh)),
        asyncio.create_task(_every(settings.journal.ship_seconds, live.journal.rotate)),
    ]
    try:
        yield
    finally:
        await _cancel(tasks)


@contextlib.asynccontextmanager
async def watching(machine: Machine) -> AsyncIterator[None]:
    """Tell of what an operator must see to on this machine."""
    task = asyncio.create_task(_every(LOOK_SECONDS, machine.look))
    try:
        yield
    finally:
        await _cancel([task])


@contextlib.asynccontextmanager
async def checking(backlog: LiveBacklog, process: BackgroundProcess) -> AsyncIterator[None]:
    """Know how many checks wait, and have them done by a process that is started for the first of them."""
    tasks = [
        asyncio.create_task(_every(POLL_SECONDS, backlog.refresh)),
        asyncio.create_task(_check_once_due(backlog, process)),
    ]
    try:
        yield
    finally:
        await _cancel(tasks)


@contextlib.asynccontextmanager
async def delivering(health: LiveWebhookHealth, process: BackgroundProcess) -> AsyncIterator[None]:
    """Know how webhooks fare, and have them served by a process that is started for the first of them."""
    tasks = [
        asyncio.create_task(_every(WEBHOOKS_SECONDS, health.refresh)),
        asyncio.create_task(_deliver_once_wanted(health, process)),
    ]
    try:
        yield
    finally:
        await _cancel(tasks)


@contextlib.asynccontextmanager
async def issuing(work: CertificateWork) -> AsyncIterator[None]:
    """Have certificates ordered and renewed."""
    stopping = asyncio.Event()
    task = asyncio.create_task(_issue(work, stopping))
    try:
        yield
    finally:
        stopping.set()
        work.stop()
        await asyncio.wait([task], timeout=LAST_ORDER_SECONDS)
        await _cancel([task])


async def _issue(work: CertificateWork, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        try:
            await in_daemon_thread(work.round)
        except Exception:  # one host that trips over a fault of ours must not keep the others from renewal
            log.exception("certificates cannot be looked after")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ORDERS_SECONDS):
                await stopping.wait()


async def _check_once_due(backlog: LiveBacklog, process: BackgroundProcess) -> None:
    while not backlog.current.waiting:  # noqa: ASYNC110 - a database has no event
        await asyncio.sleep(POLL_SECONDS)
    await process.run()


async def _deliver_once_wanted(health: LiveWebhookHealth, process: BackgroundProcess) -> None:
    while not health.current.webhooks:  # noqa: ASYNC110 - a database has no event
        await asyncio.sleep(WEBHOOKS_SECONDS)
    await process.run()


async def _every(seconds: float, work: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(seconds)
        await unbroken(asyncio.to_thread(work), otherwise=None)


@contextlib.asynccontextmanager
async def shipping(shipper: "Shipper") -> AsyncIterator[None]:
    """Ship all the time, and a last time at the end: everybody must have closed their journal by then."""
    task = asyncio.create_task(shipper.run())
    try:
        yield
    finally:
        await _cancel([task])
        await asyncio.to_thread(shipper.ship_last)


class Judge:
    """Has hits judged by what surrounds them, once their minute is over; one of all machines does it.

    Where a lease ends in the middle two do: that finds the same, and only what changes is written.

    Not while `behind`: each minute of which the journal still holds hits would be judged again and again, and
    the interpreter's lock be taken from who ships them. After a minute without a database that took shipping
    four fifths of its pace.
    """

    def __init__(
        self,
        store: JudgingStore,
        lease: WorkLease,
        *,
        clock: Callable[[], int],
        behind: Callable[[], bool] = lambda: False,
    ) -> None:
        self._behind = behind
        work = LeasedWork(
            lease,
            lambda: store.judge_oldest(clock()),
            Alarm(log, "verdicts"),
            meanwhile="Clicks and opens are judged later",
        )
        self.judge_one, self.leave = work.do_one, work.leave

    async def run(self) -> None:
        """Judge until cancelled. One minute at a time: a stop then waits for that one alone."""
        while True:
            if self._behind() or not await unbroken(asyncio.to_thread(self.judge_one), otherwise=False):
                await asyncio.sleep(JUDGE_SECONDS)


@contextlib.asynccontextmanager
async def judging(judge: Judge) -> AsyncIterator[None]:
    """Judge all the time."""
    task = asyncio.create_task(judge.run())
    try:
        yield
    finally:
        await _cancel([task])
        await asyncio.to_thread(judge.leave)


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class Shipper:
    """Carries the journal to the database; waits longer each time while the database is away."""

    def __init__(
        self,
        directory: Path,
        store: EventStore,
        *,
        interval: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._directory = directory
        self._interval = interval
        self._store = store
        self._monotonic = monotonic
        self._database = Alarm(log, "events")
        self._segments = Alarm(log, "journal")
        self._shipped_at = monotonic()
        self.stuck = 0
        """Segments that could not be read or freed when last tried."""
        self.behind = False
        """Whether there may be more to ship at once."""

    def age(self) -> float:
        """Return how many seconds ago the journal was last brought to the database, as far as it could be."""
        return self._monotonic() - self._shipped_at

    async def run(self) -> None:
        """Ship until cancelled. One segment at a time: a stop then waits for that one alone."""
        wait = self._interval
        while True:
            await asyncio.sleep(wait)
            while shipped := await unbroken(asyncio.to_thread(self._ship_next), otherwise=None):
                if not shipped.segments:
                    break
            wait = min(2 * wait + self._interval, LONGEST_WAIT_SECONDS) if shipped is None else self._interval

    def _ship_next(self) -> Shipped | None:
        shipped = self.ship_one()
        if shipped is not None:
            self._shipped_at = self._monotonic()
        return shipped

    def ship_one(self) -> Shipped | None:
        """Ship the oldest segment that can be; None where the database or the directory is away."""
        try:
            shipped = ship(self._directory, self._store, limit=1)
        except (StoreUnavailable, OSError) as error:
            self._database.failed(f"{error} Events wait in {self._directory}")
            self.behind = False
            return None
        self._database.well()
        self.behind = shipped.segments > 0
        self.stuck = len(shipped.skipped)
        if shipped.skipped:
            self._segments.failed(f"cannot be shipped whole, and stays: {'; '.join(shipped.skipped)}")
        else:
            self._segments.well()
        return shipped

    def ship_last(self) -> None:
        """Ship what is there, for a bounded time; what is left is shipped after the next start."""
        deadline = self._monotonic() + LAST_SHIPPING_SECONDS
        while (shipped := self.ship_one()) and shipped.segments:
            if self._monotonic() > deadline:
                log.warning("events wait in %s for the next start", self._directory)
                return
