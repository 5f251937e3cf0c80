"""The tracker of a running server: in this process, or in workers that accept on its sockets."""

import contextlib
from collections.abc import AsyncIterator
from functools import partial
from typing import Protocol

from service.certificates.wiring import IssuedHttps, host_certificates
from service.live.seed import Seed
from service.settings import LogSection, Settings
from service.tracker_wiring import TrackerSockets, bind_tracker, build_server, tracker_share
from service.wiring import Live, own_certificate
from service.workers.messages import BeginTracker
from service.workers.numbers import Kind
from service.workers.pool import WorkerPool, in_slot, worker_count
from service.workers.process import spawn
from service.workers.tracker_process import TrackerProcess
from tracker.tls import Certificates


class RunningTracker(Protocol):
    """Here, or in worker processes."""

    @property
    def takes(self) -> bool:
        """Whether it takes connections now."""

    def use_log(self, section: LogSection) -> None:
        """Have it log by other settings, where it is in other processes."""


@contextlib.asynccontextmanager
async def tracking(
    settings: Settings, live: Live, https: IssuedHttps | None
) -> AsyncIterator[RunningTracker]:
    """Answer until the end of the block, and then what was asked. Raises OperatorError."""
    sockets = bind_tracker(settings)
    count = worker_count(settings.tracker.workers)
    running = (
        _here(settings, live, https, sockets)
        if count == 1
        else _in_workers(tracker_share(settings, count), count, live, https, sockets)
    )
    async with running as tracker:
        sockets.tell()
        yield tracker


class _Here:
    takes = True

    def use_log(self, section: LogSection) -> None:
        """It logs as its process does."""


@contextlib.asynccontextmanager
async def _here(
    settings: Settings, live: Live, https: IssuedHttps | None, sockets: TrackerSockets
) -> AsyncIterator[RunningTracker]:
    certificates: Certificates | None = own_certificate(settings.tls)
    challenges = None
    if https is not None and live.certificates is not None:
        certificates = host_certificates(settings, live, live.certificates, https.orders)
        challenges = https.challenges.answer
    server = build_server(settings, live, sockets, certificates, challenges)
    await server.start()
    try:
        yield _Here()
    finally:
        await server.stop()


class _Workers(WorkerPool[TrackerProcess]):
    def use_log(self, section: LogSection) -> None:
        """Tell each."""
        for worker in self.workers:
            worker.use_log(section)


@contextlib.asynccontextmanager
async def _in_workers(
    share: Settings, count: int, live: Live, https: IssuedHttps | None, sockets: TrackerSockets
) -> AsyncIterator[RunningTracker]:
    pool = _Workers(
        count,
        lambda: in_slot(live.numbers, partial(_spawn, share, live, https, sockets)),
        ended=live.numbers.ended,
        died=partial(live.numbers.died, Kind.TRACKER),
    )
    try:
        await pool.start()
        yield pool
    finally:
        sockets.close()
        await pool.stop(share.tracker.stop_seconds)


async def _spawn(
    settings: Settings, live: Live, https: IssuedHttps | None, sockets: TrackerSockets, slot: int
) -> TrackerProcess:
    begin = BeginTracker(
        settings=settings,
        seed=_seed(live),
        numbers=live.numbers.directory,
        slot=slot,
        plain=tuple(sock.fileno() for sock in sockets.plain),
        secure=tuple(sock.fileno() for sock in sockets.secure),
    )
    make = partial(TrackerProcess, order=partial(_order, live, https))
    return await spawn(make, Kind.TRACKER, begin, inherited=(*begin.plain, *begin.secure))


def _seed(live: Live) -> Seed:
    return Seed(
        directory=live.directory.current,
        accounts=live.accounts.current,
        blocks=live.blocks.current,
        app_files=live.app_files.current,
        certificates=tuple(live.certificates.current.values()) if live.certificates else (),
    )


async def _order(live: Live, https: IssuedHttps | None, host: str) -> int:
    if https is None or live.certificates is None:
        return 0
    await https.orders.wait_for(host)
    record = live.certificates.find(host)
    return record.version if record else 0
