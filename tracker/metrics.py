"""What the tracker counts for Prometheus. docs/monitoring.md lists it for operators."""

from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter


class Asked(StrEnum):
    """What a request asked for."""

    __hash__ = str.__hash__  # an enumeration's own is in Python: a microsecond for each request counted

    CLICK = "click"
    OPEN = "open"
    OTHER = "other"


class Outcome(StrEnum):
    """How a request was answered."""

    __hash__ = str.__hash__

    ANSWERED = "answered"  # redirected, or given the pixel or the page
    UNKNOWN = "unknown"  # no token of ours; no such page
    BLOCKED = "blocked"  # told that the link was switched off; not written down
    REFUSED = "refused"  # not what HTTP allows, or a method that is not served
    OBJECTED = "objected"  # answered, and not written down since its reader objects to it
    UNRECORDED = "unrecorded"  # answered, and not written down


class TrackerMetrics:
    """Of the tracker in one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        requests = Counter(
            "waypost_tracker_requests", "Requests of the tracker", ["kind", "outcome"], registry=registry
        )
        self._requests = {
            (asked, outcome): requests.labels(asked.value, outcome.value)
            for asked in Asked
            for outcome in Outcome
        }

        self._turned_away = Counter(
            "waypost_tracker_connections_refused",
            "Connections to the tracker beyond the most that may be open",
            registry=registry,
        )

    def turned_away(self) -> None:
        """Count a connection for which there was no room."""
        self._turned_away.inc()

    def answered(self, asked: Asked, outcome: Outcome) -> None:
        """Count a request."""
        self._requests[asked, outcome].inc()
