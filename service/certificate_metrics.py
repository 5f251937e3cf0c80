"""What certificates count for Prometheus. docs/monitoring.md lists it for operators."""

from prometheus_client import CollectorRegistry, Counter

from certificates.issuing import Result


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
