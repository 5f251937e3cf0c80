"""A registry with everything that a server can show, as a running one fills it."""

from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import Mock

from prometheus_client import CollectorRegistry
from sqlalchemy import make_url

from domains.directory import Directory
from relay.metrics import RelayMetrics
from relay.upstream.health import Health
from service.certificates.metrics import CertificateMetrics, watch_certificates, watch_orders
from service.domain_checks.metrics import CheckMetrics
from service.live.check_backlog import LiveBacklog
from service.live.webhook_health import LiveWebhookHealth
from service.monitoring import new_registry
from service.observing import (
    watch_backlog,
    watch_domains,
    watch_process,
    watch_retention,
    watch_room,
    watch_shipping,
    watched_machine,
)
from service.settings import Settings
from service.webhooks.metrics import DeliveryMetrics, watch_webhooks
from service.workers.numbers import Kind, WorkerNumbers
from tracker.metrics import TrackerMetrics
from tracker.tls import TlsMetrics


def every_metric(folder: Path) -> CollectorRegistry:
    """Return it; the journal is in `folder`."""
    registry = new_registry()
    RelayMetrics(registry).watch_upstream(Health(name="mx:25", up=True, since=0.0, error=""))
    TrackerMetrics(registry)
    TlsMetrics(registry)
    CheckMetrics(registry)
    CertificateMetrics(registry)
    watch_certificates(
        registry, Mock(current={}), lambda: Directory.build([], []), lambda: datetime(2026, 3, 1, tzinfo=UTC)
    )
    watch_backlog(registry, LiveBacklog(Mock()))
    WorkerNumbers(registry).died(Kind.RELAY)
    live = Mock(
        registry=registry, **{"numbers.workers": lambda _: 0, "directory.age": float, "ring.age": float}
    )
    live.directory.current = Directory.build([], [])
    watch_process(live, folder)
    watch_domains(live)
    watch_retention(registry, Mock(age=float))
    watch_webhooks(registry, LiveWebhookHealth(Mock()))
    DeliveryMetrics(registry)
    watch_shipping(registry, Mock(age=float, stuck=0))
    watch_room(registry, Settings)
    watched_machine(registry, Settings, make_url("sqlite:///waypost.db"))
    watch_orders(registry, Mock(cap_reached=False))
    return registry
