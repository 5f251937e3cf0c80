"""What TLS on the tracker counts for Prometheus. docs/monitoring.md lists it for operators."""

from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter


class Outcome(StrEnum):
    """How a connection to a TLS port began."""

    DONE = "done"  # the handshake ended well
    UNKNOWN_NAME = "unknown_name"  # no such name here, or none given and no certificate for that
    LATE = "late"  # its certificate did not come in time
    REFUSED = "refused"  # no TLS, or not as the standard has it
    FAILED = "failed"  # OpenSSL and the client did not agree, or the client left
    SLOW = "slow"  # it took too long
    CROWDED = "crowded"  # too many handshakes at once, of all or of one address


class TlsMetrics:
    """Of TLS in one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        handshakes = Counter(
            "waypost_tls_handshakes", "Connections to the tracker's TLS ports", ["outcome"], registry=registry
        )
        self._handshakes = {outcome: handshakes.labels(outcome.value) for outcome in Outcome}

    def handshake(self, outcome: Outcome) -> None:
        """Count a connection."""
        self._handshakes[outcome].inc()
