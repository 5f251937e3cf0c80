"""One check of a tracking domain by schedule: looked at, judged, recorded, told."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domains.errors import ChangedMeanwhile, StoreUnavailable
from domains.findings import find
from domains.history import Change, Step
from domains.model import TrackingDomain
from domains.ports import DomainCheck, DomainStore
from domains.rules import CheckPolicy, judge
from service.domain_checks.metrics import Outcome

ATTEMPTS: Final = (
    3  # to record a check; each waits for seconds by itself where the database is locked or away
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledCheck:
    """`jitter` returns a number in [0, 1). `announce` is told each change of state, once it is stored."""

    check: DomainCheck
    store: DomainStore
    policy: CheckPolicy
    clock: Callable[[], datetime]
    jitter: Callable[[], float]
    announce: Callable[[Change], None]

    def __call__(self, domain: TrackingDomain) -> Outcome:
        """Raises `domains.errors.StoreUnavailable`."""
        evidence = self.check.look_at(domain, lambda _: None)
        step = judge(domain, evidence, self.clock(), policy=self.policy, by_hand=False, jitter=self.jitter())
        try:
            self._record(step)
        except ChangedMeanwhile:
            return Outcome.DROPPED
        if step.change is not None:
            self.announce(step.change)
        return Outcome(find(domain, evidence, self.policy.targets).verdict)

    def _record(self, step: Step) -> None:
        """Record it, and again where the database was locked or away for a moment."""
        for _ in range(ATTEMPTS - 1):
            try:
                self.store.record(step)
            except StoreUnavailable:
                continue
            return
        self.store.record(step)
