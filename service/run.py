"""`waypost serve`: relay, tracker and background work, from the start to the last record shipped.

SIGTERM or SIGINT ends it, a second one hurries; SIGHUP has the settings read again.
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable
from enum import StrEnum
from functools import partial

import uvloop
from sqlalchemy import Engine

from events.ports import Work
from service import process_memory
from service.background import (
    Judge,
    Shipper,
    checking,
    delivering,
    issuing,
    judging,
    keep_fresh,
    shipping,
    watching,
)
from service.certificates.wiring import build_https
from service.database import open_unattended
from service.database_upgrade import UpgradeFirst
from service.domain_checks.wiring import new_checker
from service.errors import OperatorError
from service.event_upkeep import Partitioner, keeping_up
from service.listening import bind, bound_name
from service.live.check_backlog import LiveBacklog
from service.live.seed import Seed
from service.live.webhook_health import LiveWebhookHealth
from service.logs import configure_logging
from service.machine import Machine
from service.monitoring import Readiness, State
from service.notify import notify
from service.observing import (
    monitoring,
    watch_backlog,
    watch_retention,
    watch_room,
    watch_shipping,
    watched_machine,
)
from service.relay_service import RelayService
from service.relay_wiring import new_generation
from service.reloading import reloaded
from service.retention import Retention, retaining
from service.settings import Settings, TlsMode
from service.settings_checks import listeners
from service.start import begin
from service.tracker_service import RunningTracker, tracking
from service.web.serving import is_installed, require_installed, serving_web
from service.webhooks.metrics import watch_webhooks
from service.webhooks.wiring import new_deliverer
from service.wiring import (
    build_keeper,
    build_live,
    build_retention,
    build_summer,
    directory_builder,
    networks,
    now,
)
from service.work_lease import WorkLease
from service.workers.background_process import BackgroundProcess
from storage.event_store import SqlEventStore
from storage.judging import SqlJudgingStore
from storage.leases import SqlCheckLeases
from storage.partitions import SqlHitPartitions
from storage.webhook_upkeep import SqlWebhookUpkeep
from storage.work_leases import SqlWorkLeases

log = logging.getLogger("waypost.service")


class Part(StrEnum):
    """What can run by itself."""

    RELAY = "relay"
    TRACKER = "tracker"
    BACKGROUND = "background"
    WEB = "web"


def all_parts() -> frozenset[Part]:
    """Return those that can run here."""
    return frozenset(Part) if is_installed() else frozenset(Part) - {Part.WEB}


def serve(settings: Settings, parts: frozenset[Part], read_settings: Callable[[], Settings]) -> None:
    """Run until SIGTERM or SIGINT; `read_settings` is called at SIGHUP and may raise OperatorError.

    Raises OperatorError where it cannot start.
    """
    if Part.WEB in parts:
        require_installed()
    with open_unattended(settings) as engine, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_Server(settings, parts, engine, read_settings, begin(settings)).run())


class _Server:
    def __init__(
        self,
        settings: Settings,
        parts: frozenset[Part],
        engine: Engine,
        read_settings: Callable[[], Settings],
        seed: Seed | None,
    ) -> None:
        self._settings = settings
        self._parts = parts
        self._engine = engine
        self._read_settings = read_settings
        with_certificates = settings.tls.mode is TlsMode.ACME
        self._live = build_live(settings, engine, seed=seed, with_certificates=with_certificates)
        self._https = build_https(settings, self._live, engine)
        self._seeded = seed is not None
        self._relay: RelayService | None = None
        self._tracker: RunningTracker | None = None
        self._checker: BackgroundProcess | None = None
        self._deliverer: BackgroundProcess | None = None
        self._stopping = asyncio.Event()
        self._hurrying = asyncio.Event()
        self._reloading = asyncio.Event()
        self._readiness = Readiness(self._obstacle)

    async def run(self) -> None:
        """Run until a signal ends it."""
        self._obey_signals()
        async with contextlib.AsyncExitStack() as running:
            running.callback(self._live.numbers.close)
            await running.enter_async_context(monitoring(self._settings, self._live, self._readiness))
            await running.enter_async_context(watching(self._machine()))
            if Part.BACKGROUND in self._parts:
                shipper = self._shipper()
                await running.enter_async_context(shipping(shipper))
                await running.enter_async_context(judging(self._judge(shipper)))
                await running.enter_async_context(self._keeping_up())
                await running.enter_async_context(retaining(self._retention()))
            running.callback(self._live.close_journal)
            await running.enter_async_context(
                keep_fresh(self._settings, self._live, self._refreshing(running))
            )
            if Part.BACKGROUND in self._parts and self._settings.domains.background_checks:
                await running.enter_async_context(self._checking())
            if Part.BACKGROUND in self._parts:
                await running.enter_async_context(self._delivering())
            if Part.BACKGROUND in self._parts and self._https is not None:
                await running.enter_async_context(issuing(self._https.work))
            if Part.TRACKER in self._parts:
                self._tracker = await running.enter_async_context(
                    tracking(self._settings, self._live, self._https)
                )
            if Part.RELAY in self._parts:
                await running.enter_async_context(self._relaying())
            if Part.WEB in self._parts:
                await running.enter_async_context(serving_web(self._settings))
            await running.enter_async_context(self._obeying_reloads())
            process_memory.settle()
            log.info("ready")
            notify("READY=1")
            self._readiness.state = State.SERVING
            await self._stopping.wait()
            self._readiness.state = State.STOPPING
            log.info("stopping")
            notify("STOPPING=1")
            await self._drain()
        log.info("stopped")

    def _refreshing(self, running: contextlib.AsyncExitStack) -> Callable[[], None]:
        """Return what reads the database where something changed, and keeps the snapshot."""
        refresh = self._live.refresh
        if self._settings.database.snapshot is not None:
            keeper = build_keeper(self._settings.database.snapshot, self._live)
            running.callback(keeper.close)
            refresh = partial(_in_order, refresh, keeper.keep)
        return UpgradeFirst(self._settings, refresh) if self._seeded else refresh

    def _obey_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self._reloading.set)

    def _stop(self) -> None:
        if self._stopping.is_set():
            self._hurrying.set()
        self._stopping.set()

    def _obstacle(self) -> str:
        if self._relay is not None and not self._relay.takes:
            return "no relay worker runs"
        if self._tracker is not None and not self._tracker.takes:
            return "no tracker worker runs"
        return ""

    async def _drain(self) -> None:
        """Serve on until whoever asks whether we are ready has seen that we are not."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.monitoring.drain_seconds):
                await self._hurrying.wait()

    def _judge(self, shipper: Shipper) -> Judge:
        lease = WorkLease(SqlWorkLeases(self._engine), Work.JUDGING)
        return Judge(SqlJudgingStore(self._engine), lease, clock=now, behind=lambda: shipper.behind)

    def _keeping_up(self) -> contextlib.AbstractAsyncContextManager[None]:
        partitioner = Partitioner(SqlHitPartitions(self._engine), clock=now)
        return keeping_up(partitioner, build_summer(self._settings.privacy, self._engine, self._live))

    def _retention(self) -> Retention:
        retention = build_retention(self._settings.privacy, self._engine, self._live)
        watch_retention(self._live.registry, retention)
        return retention

    def _shipper(self) -> Shipper:
        section = self._settings.journal
        store = SqlEventStore(self._engine, ring=lambda: self._live.ring.current)
        shipper = Shipper(section.directory, store, interval=section.ship_seconds)
        watch_shipping(self._live.registry, shipper)
        return shipper

    def _machine(self) -> Machine:
        return watched_machine(self._live.registry, lambda: self._settings, self._engine.url)

    def _checking(self) -> contextlib.AbstractAsyncContextManager[None]:
        backlog = LiveBacklog(SqlCheckLeases(self._engine))
        watch_backlog(self._live.registry, backlog)
        self._checker = new_checker(lambda: self._settings, self._live.numbers)
        return checking(backlog, self._checker)

    def _delivering(self) -> contextlib.AbstractAsyncContextManager[None]:
        health = LiveWebhookHealth(SqlWebhookUpkeep(self._engine))
        watch_webhooks(self._live.registry, health)
        self._deliverer = new_deliverer(lambda: self._settings, self._live.numbers)
        return delivering(health, self._deliverer)

    @contextlib.asynccontextmanager
    async def _relaying(self) -> AsyncIterator[None]:
        bound = [bind(listener) for listener in listeners(self._settings.relay)]
        relay = self._relay = await RelayService.start(
            self._settings,
            lambda wanted: new_generation(wanted, self._live),
            bound,
            refused=watch_room(self._live.registry, lambda: self._settings),
        )
        for sock, listener in bound:
            log.info("relay listening on %s", bound_name(sock, listener))
        try:
            yield
        finally:
            await self._stop_relay(relay)

    async def _stop_relay(self, relay: RelayService) -> None:
        stopped = asyncio.create_task(relay.stop(self._settings.relay.stop_seconds))
        hurrying = asyncio.create_task(self._hurrying.wait())
        await asyncio.wait({stopped, hurrying}, return_when=asyncio.FIRST_COMPLETED)
        hurrying.cancel()
        if not stopped.done():
            log.warning("stopping at once, messages under way are cut off")
            await relay.stop(0)
        await stopped

    @contextlib.asynccontextmanager
    async def _obeying_reloads(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._obey_reloads())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _obey_reloads(self) -> None:
        while True:
            await self._reloading.wait()
            self._reloading.clear()
            try:
                await self._reload()
            except OperatorError as error:
                log.error("the settings stay as they were: %s", error)
            except Exception:  # a reload that fails must not take the running server with it
                log.exception("the settings stay as they were")

    async def _reload(self) -> None:
        wanted = await asyncio.to_thread(self._read_settings)
        settings, waiting = reloaded(self._settings, wanted)
        if self._relay is not None:
            await self._relay.reload(settings)
        await asyncio.to_thread(self._live.directory.use, directory_builder(settings))
        await asyncio.to_thread(self._live.accounts.use_networks, networks(settings.relay.networks))
        configure_logging(settings.log)
        if self._tracker is not None:
            self._tracker.use_log(settings.log)
        self._settings = settings
        for process in (self._checker, self._deliverer):
            if process is not None:
                process.renew()
        log.info("settings reloaded")
        if waiting:
            log.warning("changed, but needs a restart: %s", ", ".join(waiting))


def _in_order(*works: Callable[[], None]) -> None:
    for work in works:
        work()
