"""What operators do to a tracking domain, as steps. Pure; what a check does is in `domains.rules`."""

from dataclasses import replace
from datetime import datetime

from domains.history import Cause, Change, Step
from domains.model import Https, State, TrackingDomain
from domains.names import display


def added(domain: TrackingDomain) -> Change:
    """Return the entry for a new domain."""
    return _entry(domain, domain.created_at, Cause.ADDED, None, domain.state, f"target {domain.target}")


def revived(domain: TrackingDomain, *, target: str, https: Https, now: datetime) -> Step:
    """Bring a retired domain back as pending."""
    after = replace(_pending(domain, now), target=target, https=https)
    change = _entry(after, now, Cause.REVIVED, domain.state, after.state, f"target {target}")
    return Step(before=domain, after=after, change=change)


def taken_over(domain: TrackingDomain, *, project: int, target: str, https: Https, now: datetime) -> Step:
    """Give a retired domain to another project, as pending. Its old links go on as they are."""
    after = replace(_pending(domain, now), project=project, target=target, https=https)
    detail = f"from project {domain.project}, target {target}"
    change = _entry(after, now, Cause.TAKEN_OVER, domain.state, after.state, detail)
    return Step(before=domain, after=after, change=change)


def changed(domain: TrackingDomain, *, target: str, https: Https, now: datetime) -> Step:
    """Set the target, which makes the domain pending again, and the use of HTTPS."""
    after, words = domain, []
    if target != domain.target:
        after = replace(_pending(after, now), target=target)
        words.append(f"target {domain.target} to {target}")
    if https is not domain.https:
        after = replace(after, https=https, next_check_at=now)
        words.append(f"https {domain.https} to {https}")
    if not words:
        return Step(before=domain, after=domain)
    change = _entry(after, now, Cause.SET, domain.state, after.state, ", ".join(words))
    return Step(before=domain, after=after, change=change)


def renamed(
    domain: TrackingDomain,
    *,
    name: str,
    target: str,
    https: Https,
    verified_at: datetime | None,
    now: datetime,
) -> tuple[Step, Step]:
    """Return the step to the new name, which starts over, and that of the old one, which is as if removed.

    `verified_at` is when the new name was first verified in an earlier life, None where it had none.
    """
    after = replace(
        _pending(domain, now),
        name=name,
        target=target,
        https=https,
        created_at=now,
        verified_at=verified_at,
    )
    arrived = f"{display(domain.name)} before, target {target}"
    life = State.RETIRED if verified_at else None  # of the new name until now
    gone = _gone(domain)
    left = _entry(
        domain, now, Cause.RENAMED, domain.state, gone.state if gone else None, f"{display(name)} from now on"
    )
    return (
        Step(
            before=domain, after=after, change=_entry(after, now, Cause.RENAMED, life, after.state, arrived)
        ),
        Step(before=domain, after=gone, change=left),
    )


def served(domain: TrackingDomain, now: datetime) -> Step:
    """Note that HTTPS works on it, since it has a certificate of ours."""
    return Step(before=domain, after=replace(domain, https_since=domain.https_since or now))


def removed(domain: TrackingDomain, now: datetime) -> Step:
    """Retire it, or delete it where it was never verified: no mail can hold its links."""
    after = _gone(domain)
    change = _entry(domain, now, Cause.REMOVED, domain.state, after.state if after else None)
    return Step(before=domain, after=after, change=change)


def _gone(domain: TrackingDomain) -> TrackingDomain | None:
    if domain.verified_at is None:
        return None
    return replace(
        domain,
        state=State.RETIRED,
        is_default=False,
        pending_since=None,
        next_check_at=None,
        doubts=0,
        unanswered=0,
    )


def _pending(domain: TrackingDomain, now: datetime) -> TrackingDomain:
    """Start over: what was seen before, HTTPS too, was of another target or of another name."""
    return replace(
        domain,
        state=State.PENDING,
        diagnosis="",
        https_since=None,
        pending_since=now,
        checked_at=None,
        next_check_at=now,
        doubts=0,
        unanswered=0,
    )


def _entry(
    domain: TrackingDomain,
    now: datetime,
    cause: Cause,
    before: State | None,
    after: State | None,
    detail: str = "",
) -> Change:
    return Change(
        project=domain.project,
        domain=domain.name,
        at=now,
        cause=cause,
        before=before,
        after=after,
        detail=detail,
    )
