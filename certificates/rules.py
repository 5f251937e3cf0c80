"""When an order is due: (record, what happened, now) to the record afterwards. Pure.

    unavailable ──claim──▶ provisioning ──issued──▶ active ──expired──▶ unavailable or failed
                                └───────failed──▶ failed ──claim──▶ provisioning

A host with a good certificate is active, whatever becomes of its renewal. Where random numbers come in they
are from 0 to 1, so that the orders of many hosts spread out.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from certificates.errors import AuthorityError
from certificates.model import Certificate, HostRecord, Problem, RenewalAdvice, State
from certificates.problems import of_the_authority

_BACK_OFF: Final = (timedelta(minutes=1), timedelta(minutes=10), timedelta(minutes=100), timedelta(days=1))
"""Let's Encrypt allows five failed validations an account, host and hour; this makes three at most."""

FLOOR: Final = _BACK_OFF[0]
"""Between a failure and an order by hand."""

_LONGEST_WISH: Final = timedelta(days=7)
"""The longest limit of Let's Encrypt is a week; a Retry-After beyond that is a mistake."""

ASK_AGAIN: Final = timedelta(hours=6)
"""Until advice is asked for, first or again, where the authority does not say [RFC 9773, 4.3.2]."""

_EARLIEST: Final = 0.62
_LATEST: Final = 2 / 3


def state_of(record: HostRecord, now: datetime) -> State:
    """Return where the host stands."""
    if is_good(record.certificate, now):
        return State.ACTIVE
    if is_leased(record, now):
        return State.PROVISIONING
    return State.UNAVAILABLE if record.problem is None else State.FAILED


def is_good(certificate: Certificate | None, now: datetime) -> bool:
    """Tell whether it can be served."""
    return certificate is not None and now < certificate.not_after


def is_leased(record: HostRecord, now: datetime) -> bool:
    """Tell whether an order runs. A lease that ran out was its holder's last word."""
    return record.leased_until is not None and now < record.leased_until


def order_from(record: HostRecord, now: datetime, *, by_hand: bool = False) -> datetime:
    """Return when an order for a host without a usable certificate may start, `now` where it may at once.

    After a failure it waits for the back-off, by hand for `FLOOR` alone.
    """
    if record.problem is None:
        return now
    if by_hand:
        return record.problem.at + FLOOR
    return record.due_at or now


def claimed(record: HostRecord, *, until: datetime) -> HostRecord:
    """Return the record with an order under way; whoever finds it after `until` starts anew."""
    return replace(record, leased_until=until, due_at=until)


def issued(record: HostRecord, certificate: Certificate, random: float, now: datetime) -> HostRecord:
    """Return the record with a new certificate and the time of its renewal, until the authority advises."""
    return replace(
        record,
        certificate=certificate,
        due_at=renewal_time(certificate, random, now),
        leased_until=None,
        advice_at=now + ASK_AGAIN,
        failures=0,
        problem=None,
    )


def failed(record: HostRecord, error: AuthorityError, now: datetime) -> HostRecord:
    """Return the record after an order that failed: what happened, and when the next may start."""
    failures = record.failures + 1
    wish = min(error.retry_after or now, now + _LONGEST_WISH)
    return replace(
        record,
        due_at=max(now + back_off(failures, error.type), wish),
        leased_until=None,
        failures=failures,
        problem=Problem(type=error.type, detail=error.detail, at=now),
    )


def postponed(record: HostRecord, until: datetime) -> HostRecord:
    """Return the record of a host that may have no certificate just now; nothing failed."""
    return replace(record, due_at=until, leased_until=None)


def revoked(record: HostRecord) -> HostRecord:
    """Return the record without its certificate and key. Nothing is due until somebody asks for one."""
    return replace(record, certificate=None, due_at=None, advice_at=None, failures=0, problem=None)


def advised(record: HostRecord, advice: RenewalAdvice, random: float) -> HostRecord:
    """Return the record with the authority's answer to when to renew.

    While the last order failed its back-off stands. A time that lies in the window stays: choosing anew at
    each time of asking would draw all renewals to the window's start.
    """
    asked = replace(record, advice_at=advice.ask_again_at)
    if record.failures or not advice.start < advice.end:
        return asked
    if record.due_at is not None and advice.start <= record.due_at <= advice.end:
        return asked
    return replace(asked, due_at=advice.start + random * (advice.end - advice.start))


def renewal_time(certificate: Certificate, random: float, now: datetime) -> datetime:
    """Return a moment shortly before two thirds of the lifetime of a certificate that was issued just now.

    It begins now: where an authority dates it back by years, it would be due again at once, and for ever.
    """
    begin = max(certificate.not_before, now)
    return begin + (certificate.not_after - begin) * (_EARLIEST + random * (_LATEST - _EARLIEST))


def back_off(failures: int, type: str) -> timedelta:
    """Return the time between the last of so many failures in a row and the next order.

    A fault of the authority itself says nothing of the host, and never costs it a day.
    """
    steps = _BACK_OFF[:-1] if of_the_authority(type) else _BACK_OFF
    return steps[min(failures, len(steps)) - 1]
