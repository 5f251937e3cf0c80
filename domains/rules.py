"""The states of a tracking domain: (domain, what DNS said, now) to the domain afterwards. Pure.

    pending ──good──▶ verified ──bad──▶ failed ──good──▶ verified

A bad answer leaves a pending domain pending: its record is being set up. An answer that is not definite never
moves a domain, so that a fault of somebody's DNS servers takes no links away. A retired domain stays retired.
"""

from dataclasses import replace
from datetime import datetime

from domains.diagnosis import diagnose, points_here
from domains.dns_answer import DnsAnswer, DnsStatus
from domains.model import State, TrackingDomain

_AFTER_GOOD = {State.PENDING: State.VERIFIED, State.FAILED: State.VERIFIED}
_AFTER_BAD = {State.VERIFIED: State.FAILED}


def judge(domain: TrackingDomain, answer: DnsAnswer, now: datetime) -> TrackingDomain:
    """Return the domain after a check: its state, the diagnosis in plain words, and when it was checked."""
    state = _next_state(domain, answer)
    verified_now = now if state is State.VERIFIED else None
    return replace(
        domain,
        state=state,
        diagnosis=diagnose(domain, answer),
        checked_at=now,
        verified_at=domain.verified_at or verified_now,
    )


def _next_state(domain: TrackingDomain, answer: DnsAnswer) -> State:
    if points_here(domain, answer):
        return _AFTER_GOOD.get(domain.state, domain.state)
    if answer.status is DnsStatus.UNKNOWN:
        return domain.state
    return _AFTER_BAD.get(domain.state, domain.state)
