"""One check of a tracking domain by schedule: looked at, judged, recorded, told."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domains.errors import ChangedMeanwhile
from domains.findings import find
from domains.history import Change
from domains.model import TrackingDomain
from domains.ports import DomainCheck, DomainStore
from domains.rules import CheckPolicy, judge
from service.check_metrics import Outcome


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
            self.store.record(step)
        except ChangedMeanwhile:
            return Outcome.DROPPED
        if step.change is not None:
            self.announce(step.change)
        return Outcome(find(domain, evidence, self.policy.targets).verdict)
