"""When a tracking domain is checked next. Pure; the times are those of docs/domains.md."""

from datetime import datetime, timedelta

from domains.model import Https, State, TrackingDomain

SETTING_UP = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
"""After a domain became pending: the record is being created. Later once an hour.

After it was verified for the first time: until HTTPS is seen on it.
"""

GIVEN_UP = timedelta(hours=72)  # a pending domain fails: DNS providers name 48 hours as the longest wait
HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)
SPREAD = 0.2  # of a day: a tenth early to a tenth late, so that domains added together part company

DOUBTED = (timedelta(minutes=5), timedelta(minutes=10))
"""From one bad answer of a verified domain to the next look: 5 and 15 minutes after the first."""

UNANSWERED = tuple(timedelta(minutes=each) for each in (5, 10, 20, 40, 60))
"""From one look that saw nothing definite of a verified domain to the next."""


def next_check(domain: TrackingDomain, now: datetime, jitter: float) -> datetime | None:
    """Return a time after `now`, which is when `domain` was checked; None for a retired domain.

    `jitter`, in [0, 1), spreads the checks of a day.
    """
    match domain.state:
        case State.RETIRED:
            return None
        case State.PENDING:
            return _while_pending(domain.pending_since or domain.created_at, now)
        case State.VERIFIED if domain.doubts:
            return now + DOUBTED[min(domain.doubts, len(DOUBTED)) - 1]
        case State.VERIFIED if domain.unanswered:
            return now + UNANSWERED[min(domain.unanswered, len(UNANSWERED)) - 1]
        case State.VERIFIED if soon := _until_https(domain, now):
            return soon
        case _:
            return now + DAY * (1 - SPREAD / 2 + SPREAD * jitter)


def given_up(domain: TrackingDomain, now: datetime) -> bool:
    """Tell whether a pending domain has been waited for long enough."""
    return now >= (domain.pending_since or domain.created_at) + GIVEN_UP


def _while_pending(since: datetime, now: datetime) -> datetime:
    return _setting_up(since, now) or since + ((now - since) // HOUR + 1) * HOUR


def _until_https(domain: TrackingDomain, now: datetime) -> datetime | None:
    """Look again soon after the first verification: a front orders its certificate only then."""
    if domain.https is Https.OFF or domain.https_since or domain.verified_at is None:
        return None
    return _setting_up(domain.verified_at, now)


def _setting_up(since: datetime, now: datetime) -> datetime | None:
    return next((since + wait for wait in SETTING_UP if since + wait > now), None)
