"""Domains with the fields that a test does not care about filled in."""

from datetime import UTC, datetime

from domains.model import SendingDomain, State, TrackingDomain

PROJECT = 1
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def tracking_domain(
    name: str = "track.example.com",
    *,
    state: State = State.PENDING,
    project: int = PROJECT,
    is_default: bool = False,
    target: str = "links.waypost.test",
    verified_at: datetime | None = None,
) -> TrackingDomain:
    """Return a tracking domain."""
    return TrackingDomain(
        id=1,
        project=project,
        name=name,
        target=target,
        state=state,
        is_default=is_default,
        diagnosis="",
        created_at=NOW,
        verified_at=verified_at,
    )


def sending_domain(
    name: str = "example.com",
    *,
    linked_to: str | None = None,
    project: int = PROJECT,
    id: int = 1,
    verified: bool = False,
) -> SendingDomain:
    """Return a sending domain."""
    return SendingDomain(
        id=id,
        project=project,
        name=name,
        tracking_domain=linked_to,
        created_at=NOW,
        token=f"token{id}",
        verified_at=NOW if verified else None,
    )
