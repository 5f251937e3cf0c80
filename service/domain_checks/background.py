"""Scheduled checks of tracking domains: each that is due, once across all processes that do this.

A domain that cannot be recorded, or whose check failed by a fault of ours, is left until its lease
ends: the others come first.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Final

from domains.checking import check_each
from domains.errors import StoreUnavailable
from domains.model import TrackingDomain
from domains.ports import CheckLeases
from service.alarm import Alarm
from service.domain_checks.metrics import CheckMetrics, Outcome

log = logging.getLogger("waypost.domains")

LEASE_SECONDS: Final = 180.0  # to wait for a thread, and for a slow domain: each takes less than half of it
POLL_SECONDS: Final = 2.0  # between two looks for what is due
LONGEST_WAIT_SECONDS: Final = 30.0  # between two attempts at a database that is away


class DomainChecks:
    """Runs in a process of its own. `owner` is what its leases are known by."""

    def __init__(
        self,
        *,
        leases: CheckLeases,
        check: Callable[[TrackingDomain], Outcome],
        metrics: CheckMetrics,
        owner: str,
        concurrency: int,
        stopping: threading.Event,
    ) -> None:
        self._leases = leases
        self._check = check
        self._metrics = metrics
        self._owner = owner
        self._concurrency = concurrency
        self._stopping = stopping
        self._database = Alarm(log, "domain checks")

    def run(self) -> None:
        """Check what is due until `stopping` is set; return once the checks under way have ended."""
        for outcome in check_each(self._due(), self._checked, concurrency=self._concurrency):
            self._metrics.checked(outcome)

    def release(self) -> None:
        """Let others check what this process has taken and not recorded."""
        try:
            self._leases.release(self._owner)
        except StoreUnavailable as error:
            log.warning("leases end by themselves in at most %d s: %s", LEASE_SECONDS, error)

    def _due(self) -> Iterator[TrackingDomain]:
        """Yield domains for as long as nobody stops it; waits while there are none."""
        wait = 0.0
        while not self._stopping.wait(wait):
            taken = self._taken()
            for domain in taken or ():
                if self._stopping.is_set():
                    return
                yield domain
            if taken is None:
                wait = min(2 * wait + POLL_SECONDS, LONGEST_WAIT_SECONDS)
            else:
                wait = 0.0 if taken else POLL_SECONDS

    def _taken(self) -> list[TrackingDomain] | None:
        """Claim as many as there are threads; None where the database is away."""
        try:
            taken = []
            if self._leases.backlog().waiting:  # reading first: to take nothing would lock SQLite's file
                taken = self._leases.take_due(self._owner, limit=self._concurrency, seconds=LEASE_SECONDS)
        except StoreUnavailable as error:
            self._database.failed(f"{error} No domain is checked meanwhile")
            return None
        self._database.well()
        return taken

    def _checked(self, domain: TrackingDomain) -> Outcome:
        try:
            return self._check(domain)
        except StoreUnavailable as error:
            self._database.failed(f"{error} No domain is checked meanwhile")
            return Outcome.UNRECORDED
        except Exception:  # one domain that trips over a fault of ours must not keep the others from a check
            log.exception("the check of %s failed", domain.name)
            return Outcome.FAULT
