"""The private port of a running server, and what is shown there of the process as a whole."""

import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge
from sqlalchemy import URL

from domains.model import State
from events.segments import segments
from events.shipping import DAMAGED_SUFFIX
from relay.acceptor import Limit
from relay.listener import parse_host_port
from service.background import Shipper
from service.domain_counts import DomainCounts
from service.listening import bind_tcp
from service.live.check_backlog import LiveBacklog
from service.machine import Machine
from service.monitoring import MonitoringServer, Readiness, watch
from service.retention import Retention
from service.settings import Settings
from service.tracked_hosts import is_tracked_host
from service.wiring import Live
from service.workers.numbers import Kind

log = logging.getLogger("waypost.service")


@contextlib.asynccontextmanager
async def monitoring(settings: Settings, live: Live, readiness: Readiness) -> AsyncIterator[None]:
    """Answer on `monitoring.listen`, where it is set. Raises StartError."""
    address = settings.monitoring.listen
    if not address:
        yield
        return
    watch_process(live, settings.journal.directory)
    watch_domains(live)
    sock = bind_tcp(*parse_host_port(address), setting="monitoring.listen")
    server = MonitoringServer(
        live.registry,
        readiness,
        lambda host: is_tracked_host(host, live.directory.current, live.accounts.current),
    )
    await server.start(sock)
    log.info("monitoring listening on %s:%d", *sock.getsockname()[:2])
    try:
        yield
    finally:
        await server.stop()


def watch_process(live: Live, journal: Path) -> None:
    """Show what is of the process that has the port, not of relay or tracker."""
    registry = live.registry
    watch(
        registry,
        "waypost_relay_workers",
        "Worker processes of the relay",
        lambda: live.numbers.workers(Kind.RELAY),
    )
    watch(
        registry,
        "waypost_tracker_workers",
        "Worker processes of the tracker",
        lambda: live.numbers.workers(Kind.TRACKER),
    )
    watch(registry, "waypost_domains_age_seconds", "Since the database was last read", live.directory.age)
    watch(registry, "waypost_keys_age_seconds", "Since the key ring was last known current", live.ring.age)
    watch(
        registry,
        "waypost_journal_waiting_bytes",
        "Records on the way to the database",
        lambda: waiting_bytes(journal),
    )
    watch(
        registry,
        "waypost_journal_damaged_files",
        "Files of lines that could not be read",
        lambda: len(list(journal.glob(f"*{DAMAGED_SUFFIX}"))),
    )


def watch_domains(live: Live) -> None:
    """Show how many tracking domains there are in each state; they are the same for all machines."""
    counts = DomainCounts(lambda: live.directory.current)
    states = Gauge("waypost_domains", "Tracking domains by state", ["state"], registry=live.registry)
    for state in State:
        states.labels(state.value).set_function(partial(counts.of, state))
    watch(
        live.registry,
        "waypost_domains_fallen",
        "Tracking domains that failed after they were verified",
        counts.fallen,
    )


def watch_shipping(registry: CollectorRegistry, shipper: Shipper) -> None:
    """Show how the journal is brought to the database."""
    watch(registry, "waypost_shipping_age_seconds", "Since the journal was last shipped", shipper.age)
    watch(registry, "waypost_journal_stuck_segments", "Files that cannot be shipped", lambda: shipper.stuck)


def watch_retention(registry: CollectorRegistry, retention: Retention) -> None:
    """Show whether what is past its time is deleted."""
    watch(registry, "waypost_retention_age_seconds", "Since a round of deletion ended", retention.age)


def watch_room(registry: CollectorRegistry, settings: Callable[[], Settings]) -> Callable[[Limit], None]:
    """Show the relay's limits beside what is used of them; return what counts connections beyond."""
    watch(
        registry,
        "waypost_connections_limit",
        "Clients that may be connected",
        lambda: settings().relay.max_connections,
    )
    watch(
        registry,
        "waypost_in_flight_limit_bytes",
        "Memory that messages may have",
        lambda: settings().relay.max_bytes_in_flight,
    )
    refused = Counter(
        "waypost_connections_refused", "Connections beyond a limit", ["limit"], registry=registry
    )
    counters = {limit: refused.labels(limit.value) for limit in Limit}
    return lambda limit: counters[limit].inc()


def watched_machine(registry: CollectorRegistry, settings: Callable[[], Settings], database: URL) -> Machine:
    """Return what looks at this machine, and show what it sees."""
    jumps = Counter("waypost_clock_jumps", "Times that the clock was set", registry=registry)
    machine = Machine(settings, database, jumped=jumps.inc)
    room = Gauge("waypost_disk_free_bytes", "Room where files are written", ["of"], registry=registry)
    for name in machine.folders:
        room.labels(name).set_function(partial(machine.free, name))
    ends = Gauge(
        "waypost_own_certificate_expiry_seconds",
        "Until a certificate of the operator's own runs out",
        ["setting"],
        registry=registry,
    )
    for setting in ("relay.tls_certificate", "tls.certificate"):
        ends.labels(setting).set_function(partial(machine.certificate_seconds, setting))
    watch(registry, "waypost_tracking_switched_off", "Whether all rewriting is", machine.switched_off)
    if "snapshot" in machine.folders:
        watch(
            registry,
            "waypost_snapshot_age_seconds",
            "Since the snapshot was written",
            lambda: _age(settings().database.snapshot),
        )
    return machine


def _age(file: Path | None) -> float:
    try:
        return float("inf") if file is None else time.time() - file.stat().st_mtime
    except OSError:
        return float("inf")


def watch_backlog(registry: CollectorRegistry, backlog: LiveBacklog) -> None:
    """Show the checks of tracking domains that are due; they are the same for all machines."""
    watch(
        registry,
        "waypost_domain_checks_waiting",
        "Tracking domains whose check is due and not begun",
        lambda: backlog.current.waiting,
    )
    watch(
        registry,
        "waypost_domain_checks_oldest_seconds",
        "How long the check that is due for longest has waited",
        lambda: backlog.current.oldest_seconds,
    )


def waiting_bytes(directory: Path) -> int:
    """Return the size of the journal's segments; one that is shipped meanwhile counts for nothing."""
    total = 0
    for path in segments(directory):
        with contextlib.suppress(FileNotFoundError):
            total += path.stat().st_size
    return total
