"""The states of a tracking domain: (domain, what a check saw, now) to the domain afterwards. Pure.

    pending ──good──▶ verified ──bad three times──▶ failed ──good──▶ verified
       └──────────────72 hours without a good answer──▲

A bad answer leaves a pending domain pending: its record is being set up. One bad answer does not fail a
verified domain, unless an operator asks: somebody may be moving the zone. An answer that is not definite
never moves a verified domain, so that a fault of somebody's DNS servers takes no links away. A retired
domain stays retired.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from domains.diagnosis import diagnose
from domains.evidence import Evidence, Reached
from domains.findings import Verdict, find
from domains.history import Cause, Change, Step
from domains.model import Https, State, TrackingDomain
from domains.schedule import DOUBTED, given_up, next_check


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPolicy:
    """What the settings say of checks."""

    targets: tuple[str, ...] = ()  # all CNAME targets of the installation
    require_probe: bool = False  # a probe must reach us too before a domain is verified


def judge(
    domain: TrackingDomain,
    evidence: Evidence,
    now: datetime,
    *,
    policy: CheckPolicy,
    by_hand: bool,
    jitter: float,
) -> Step:
    """Return what a check makes of the domain: state, diagnosis, next check. `jitter` is in [0, 1).

    `by_hand` decides at once, as an operator expects who looks on.
    """
    if domain.state is State.RETIRED:
        return Step(before=domain, after=domain)
    verdict = _verdict(domain, evidence, policy)
    doubts = _doubts(domain, verdict)
    state = _next_state(domain, verdict, now, convinced=by_hand or doubts > len(DOUBTED))
    checked = replace(
        domain,
        state=state,
        doubts=doubts if state is State.VERIFIED else 0,
        unanswered=domain.unanswered + 1 if verdict is Verdict.UNKNOWN else 0,
        diagnosis=diagnose(domain, evidence, policy.targets),
        checked_at=now,
        verified_at=domain.verified_at or (now if state is State.VERIFIED else None),
        pending_since=domain.pending_since if state is State.PENDING else None,
        https_since=domain.https_since or (now if evidence.https.reached is Reached.OURS else None),
    )
    after = replace(checked, next_check_at=next_check(checked, now, jitter))
    cause = Cause.VERIFIED_BY_HAND if by_hand else Cause.CHECKED
    return Step(
        before=domain, after=after, change=_change(domain, after, evidence, now, cause), evidence=evidence
    )


def _verdict(domain: TrackingDomain, evidence: Evidence, policy: CheckPolicy) -> Verdict:
    verdict = find(domain, evidence, policy.targets).verdict
    if verdict is not Verdict.GOOD or not policy.require_probe:
        return verdict
    reached = _probed(domain, evidence)
    if Reached.OURS in reached:
        return Verdict.GOOD
    # No connection, or a certificate that is late, may pass: only another server's answer is definite.
    return Verdict.BAD if Reached.OTHER in reached else Verdict.UNKNOWN


def _probed(domain: TrackingDomain, evidence: Evidence) -> tuple[Reached, ...]:
    """Return who was reached the way that links on the domain go."""
    match domain.https:
        case Https.REQUIRE:
            return (evidence.https.reached,)
        case Https.OFF:
            return (evidence.http.reached,)
        case Https.AUTO:
            return (evidence.http.reached, evidence.https.reached)


def _doubts(domain: TrackingDomain, verdict: Verdict) -> int:
    match verdict:
        case Verdict.GOOD:
            return 0
        case Verdict.BAD:
            return domain.doubts + 1
        case Verdict.UNKNOWN:
            return domain.doubts


def _next_state(domain: TrackingDomain, verdict: Verdict, now: datetime, *, convinced: bool) -> State:
    if verdict is Verdict.GOOD:
        return State.VERIFIED
    if domain.state is State.PENDING and given_up(domain, now):
        return State.FAILED
    if domain.state is State.VERIFIED and verdict is Verdict.BAD and convinced:
        return State.FAILED
    return domain.state


def _change(
    before: TrackingDomain, after: TrackingDomain, evidence: Evidence, now: datetime, cause: Cause
) -> Change | None:
    if before.state is after.state:
        return None
    return Change(
        project=after.project,
        domain=after.name,
        at=now,
        cause=cause,
        before=before.state,
        after=after.state,
        detail=after.diagnosis,
        evidence=evidence,
    )
