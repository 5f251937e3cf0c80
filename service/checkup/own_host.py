"""A host of this installation, looked at as a tracking domain is: DNS, CAA, who answers there."""

from datetime import UTC, datetime

from domains.model import State, TrackingDomain


def as_tracking_domain(host: str) -> TrackingDomain:
    """Return a domain that is its own target, for a check. It is not stored."""
    return TrackingDomain(
        id=0,
        project=0,
        name=host,
        target=host,
        state=State.PENDING,
        is_default=False,
        diagnosis="",
        created_at=datetime.fromtimestamp(0, UTC),
    )
