"""What certificates count for Prometheus. docs/monitoring.md lists it for operators."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge

from certificates import rules
from certificates.issuing import Result
from certificates.model import State
from domains.directory import Directory
from domains.model import State as DomainState
from service.live.certificates import LiveCertificates


class CertificateMetrics:
    """Of the orders of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        orders = Counter(
            "waypost_certificate_orders",
            "What came of asking for certificates",
            ["result"],
            registry=registry,
        )
        self._orders = {result: orders.labels(result.name.lower()) for result in Result}

    def asked(self, result: Result) -> None:
        """Count what came of it."""
        self._orders[result].inc()


def watch_certificates(
    registry: CollectorRegistry,
    live: LiveCertificates,
    directory: Callable[[], Directory],
    clock: Callable[[], datetime],
) -> None:
    """Show what there is in memory, the same on all machines."""
    name, help = "waypost_certificates", "Hosts by the state of their certificate"
    states = Gauge(name, help, ["state"], registry=registry)
    for state in State:
        states.labels(state.value).set_function(partial(_count, live, clock, state))
    soonest = Gauge(
        "waypost_certificates_soonest_expiry_seconds",
        "Until the first certificate of a verified domain runs out",
        registry=registry,
    )
    soonest.set_function(lambda: _soonest(live, directory(), clock()))


def _count(live: LiveCertificates, clock: Callable[[], datetime], state: State) -> float:
    now = clock()
    return sum(rules.state_of(record, now) is state for record in live.current.values())


def _soonest(live: LiveCertificates, directory: Directory, now: datetime) -> float:
    verified = (entry.name for entry in directory.entries.tracking if entry.state is DomainState.VERIFIED)
    records = filter(None, map(live.find, verified))
    ends = (record.certificate.not_after for record in records if record.certificate is not None)
    return min(((end - now).total_seconds() for end in ends), default=float("inf"))
