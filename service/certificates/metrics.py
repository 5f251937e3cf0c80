"""What certificates count for Prometheus. docs/monitoring.md lists it for operators."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge

from certificates import rules
from certificates.issuing import Result
from certificates.model import State
from certificates.problems import of_the_authority
from domains.directory import Directory
from domains.model import State as DomainState
from service.certificates.issuing import CertificateWork
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
    problems = Gauge(
        "waypost_certificate_problems", "Hosts whose last order failed", ["of"], registry=registry
    )
    problems.labels("authority").set_function(partial(_problems, live, of_authority=True))
    problems.labels("host").set_function(partial(_problems, live, of_authority=False))
    soonest = Gauge(
        "waypost_certificates_soonest_expiry_seconds",
        "Until the first certificate of a verified domain runs out",
        registry=registry,
    )
    soonest.set_function(lambda: _soonest(live, directory(), clock()))


def watch_orders(registry: CollectorRegistry, work: CertificateWork) -> None:
    """Show what the orders of this process wait for."""
    reached = Gauge("waypost_certificate_order_cap_reached", "Whether orders wait for it", registry=registry)
    reached.set_function(lambda: work.cap_reached)


def _count(live: LiveCertificates, clock: Callable[[], datetime], state: State) -> float:
    now = clock()
    return sum(rules.state_of(record, now) is state for record in live.current.values())


def _problems(live: LiveCertificates, *, of_authority: bool) -> float:
    found = (record.problem for record in live.current.values())
    return sum(problem is not None and of_the_authority(problem.type) is of_authority for problem in found)


def _soonest(live: LiveCertificates, directory: Directory, now: datetime) -> float:
    verified = (entry.name for entry in directory.entries.tracking if entry.state is DomainState.VERIFIED)
    records = filter(None, map(live.find, verified))
    ends = (record.certificate.not_after for record in records if record.certificate is not None)
    return min(((end - now).total_seconds() for end in ends), default=float("inf"))
