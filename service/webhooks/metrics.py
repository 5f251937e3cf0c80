"""What webhooks count for Prometheus. docs/monitoring.md lists it."""

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge

from service.live.webhook_health import LiveWebhookHealth

STATES = ("active", "failing", "paused", "given_up")


class DeliveryMetrics:
    """Of the process that sends."""

    def __init__(self, registry: CollectorRegistry) -> None:
        attempts = Counter(
            "waypost_webhook_attempts", "Batches sent to webhooks", ["result"], registry=registry
        )
        self._delivered, self._failed = attempts.labels("delivered"), attempts.labels("failed")
        self._events = Counter("waypost_webhook_events", "Events that webhooks have taken", registry=registry)

    def counted(self, delivered: bool, events: int) -> None:
        """Count an attempt, and the events that were taken."""
        (self._delivered if delivered else self._failed).inc()
        self._events.inc(events if delivered else 0)


def watch_webhooks(registry: CollectorRegistry, health: LiveWebhookHealth) -> None:
    """Show how webhooks fare, the same on all machines."""
    states = Gauge("waypost_webhooks", "Webhooks by how they fare", ["state"], registry=registry)
    for state in STATES:
        states.labels(state).set_function(partial(_count, health, state))
    oldest = Gauge(
        "waypost_webhooks_oldest_seconds",
        "Since what waits longest for a webhook that is not paused",
        registry=registry,
    )
    oldest.set_function(lambda: health.current.oldest_seconds)


def _count(health: LiveWebhookHealth, state: str) -> float:
    return float(getattr(health.current, state))
