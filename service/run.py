"""`waypost serve`: relay, tracker and background work in one process and one event loop."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable
from enum import StrEnum

import uvloop
from sqlalchemy import Engine

from events.ports import StoreUnavailable
from events.shipping import ship
from relay.acceptor import Acceptor
from relay.listener import parse_host_port
from service.alarm import Alarm
from service.database import open_database
from service.listening import bind, bind_tcp, bound_name
from service.settings import Settings
from service.settings_checks import listeners
from service.wiring import Live, build_live, build_relay, build_tracker
from storage.event_store import SqlEventStore
from tracker.server import TrackerServer

log = logging.getLogger("waypost.service")

REFRESH_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 30.0  # between two attempts at a database that is away


class Part(StrEnum):
    """What can run by itself."""

    RELAY = "relay"
    TRACKER = "tracker"
    BACKGROUND = "background"


def serve(settings: Settings, parts: frozenset[Part]) -> None:
    """Run until SIGTERM or SIGINT. Raises OperatorError where it cannot start, and where a part died."""
    with open_database(settings) as engine, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, parts, engine))


async def _serve(settings: Settings, parts: frozenset[Part], engine: Engine) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    live = build_live(settings, engine)
    try:
        async with contextlib.AsyncExitStack() as running:
            await running.enter_async_context(_background(settings, live, engine, Part.BACKGROUND in parts))
            if Part.TRACKER in parts:
                await running.enter_async_context(_tracker(settings, live, stopping))
            if Part.RELAY in parts:
                await running.enter_async_context(_relay(settings, live))
            log.info("ready")
            await stopping.wait()
            log.info("stopping")
    finally:
        live.journal.close()
    log.info("stopped")


@contextlib.asynccontextmanager
async def _relay(settings: Settings, live: Live) -> AsyncIterator[None]:
    relay = build_relay(settings, live)
    bound = [bind(listener) for listener in listeners(settings.relay)]
    acceptor = Acceptor(
        relay.adopt,
        max_connections=settings.relay.max_connections,
        max_per_address=settings.relay.max_connections_per_address,
    )
    acceptor.start(bound)
    for sock, listener in bound:
        log.info("relay listening on %s", bound_name(sock, listener))
    try:
        yield
    finally:
        await acceptor.stop()
        await relay.stop(settings.relay.stop_seconds)


@contextlib.asynccontextmanager
async def _tracker(settings: Settings, live: Live, stopping: asyncio.Event) -> AsyncIterator[None]:
    sockets = [
        bind_tcp(*parse_host_port(address), setting="tracker.listen") for address in settings.tracker.listen
    ]
    server = TrackerServer(
        build_tracker(settings, live),
        sockets,
        max_connections=settings.tracker.max_connections,
        stop_seconds=settings.tracker.stop_seconds,
    )
    await server.start()
    for sock in sockets:
        log.info("tracker listening on %s:%d", *sock.getsockname()[:2])
    try:
        yield
    finally:
        await server.stop()


@contextlib.asynccontextmanager
async def _background(settings: Settings, live: Live, engine: Engine, ships: bool) -> AsyncIterator[None]:
    """Keep what is in memory fresh, and carry the journal to the database, a last time at the end."""
    shipper = _Shipper(settings, engine)
    tasks = [
        asyncio.create_task(_every(REFRESH_SECONDS, live.directory.refresh)),
        asyncio.create_task(_every(REFRESH_SECONDS, live.ring.refresh)),
        asyncio.create_task(_every(settings.journal.ship_seconds, live.journal.rotate)),
    ]
    if ships:
        tasks.append(asyncio.create_task(shipper.run()))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        live.journal.rotate()
        if ships:
            await asyncio.to_thread(shipper.ship)


class _Shipper:
    """Carries the journal to the database; waits longer each time while the database is away."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._directory = settings.journal.directory
        self._interval = settings.journal.ship_seconds
        self._store = SqlEventStore(engine)
        self._alarm = Alarm(log, "events")

    async def run(self) -> None:
        wait = self._interval
        while True:
            await asyncio.sleep(wait)
            shipped = await asyncio.to_thread(self.ship)
            wait = self._interval if shipped else min(2 * wait + self._interval, LONGEST_WAIT_SECONDS)

    def ship(self) -> bool:
        """Ship what there is; tell whether the database took it. What it did not take stays where it is."""
        try:
            shipped = ship(self._directory, self._store)
        except (StoreUnavailable, OSError) as error:
            self._alarm.failed(f"{error} Events wait in {self._directory}")
            return False
        self._alarm.well()
        if shipped.records:
            log.debug("shipped %d records", shipped.records)
        return True


async def _every(seconds: float, work: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await asyncio.to_thread(work)
        except Exception:
            log.exception("background work failed")
