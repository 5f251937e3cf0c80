"""The private port of a running server, and what is shown there of the process as a whole."""

import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path

from prometheus_client import CollectorRegistry

from events.segments import segments
from relay.listener import parse_host_port
from service.listening import bind_tcp
from service.live.check_backlog import LiveBacklog
from service.monitoring import MonitoringServer, Readiness, watch
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
