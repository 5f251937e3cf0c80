"""What the scheduled checks of tracking domains count for Prometheus. docs/monitoring.md lists it."""

from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter


class Outcome(StrEnum):
    """How a check ended."""

    GOOD = "good"  # links on the domain work
    BAD = "bad"
    UNKNOWN = "unknown"  # DNS could not be asked to the end
    DROPPED = "dropped"  # the domain was changed or removed meanwhile
    UNRECORDED = "unrecorded"  # the database was away
    FAULT = "fault"  # of ours; in the log


class CheckMetrics:
    """Of the process that checks."""

    def __init__(self, registry: CollectorRegistry) -> None:
        checks = Counter(
            "waypost_domain_checks", "Scheduled checks of tracking domains", ["result"], registry=registry
        )
        self._checks = {outcome: checks.labels(outcome.value) for outcome in Outcome}

    def checked(self, outcome: Outcome) -> None:
        """Count a check."""
        self._checks[outcome].inc()
