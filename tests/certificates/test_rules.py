from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates import rules
from certificates.errors import AuthorityError
from certificates.model import Certificate, HostRecord, Problem, RenewalAdvice, State
from tests.certificates.builders import ACTIVE, CERTIFICATE, DAY, HOUR, MINUTE, NOW, RECORD

PROBLEM = Problem(type="caa", detail="", at=NOW)
EXPIRED = CERTIFICATE.not_after
WINDOW = RenewalAdvice(start=NOW + 50 * DAY, end=NOW + 52 * DAY, ask_again_at=NOW + 6 * HOUR)

fractions = st.floats(0, 1)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("record", "now", "state"),
    [
        (RECORD, NOW, State.UNAVAILABLE),
        (replace(RECORD, leased_until=NOW + MINUTE), NOW, State.PROVISIONING),
        (replace(RECORD, leased_until=NOW), NOW, State.UNAVAILABLE),
        (replace(RECORD, problem=PROBLEM, failures=1), NOW, State.FAILED),
        (replace(RECORD, problem=PROBLEM, leased_until=NOW + MINUTE), NOW, State.PROVISIONING),
        (ACTIVE, NOW, State.ACTIVE),
        (replace(ACTIVE, leased_until=NOW + MINUTE), NOW, State.ACTIVE),
        (replace(ACTIVE, problem=PROBLEM, failures=9), NOW, State.ACTIVE),
        (ACTIVE, EXPIRED - timedelta(microseconds=1), State.ACTIVE),
        (ACTIVE, EXPIRED, State.UNAVAILABLE),
        (replace(ACTIVE, problem=PROBLEM, failures=9), EXPIRED, State.FAILED),
        (replace(ACTIVE, leased_until=EXPIRED + MINUTE), EXPIRED, State.PROVISIONING),
    ],
)
def test_each_state(record: HostRecord, now: datetime, state: State) -> None:
    assert rules.state_of(record, now) is state


@pytest.mark.parametrize(
    ("type", "minutes"),
    [
        ("caa", [1, 10, 100, 1440, 1440]),
        ("unauthorized", [1, 10, 100, 1440, 1440]),
        ("rateLimited", [1, 10, 100, 1440, 1440]),
        ("serverInternal", [1, 10, 100, 100, 100]),
        ("unreachable", [1, 10, 100, 100, 100]),
    ],
)
def test_failures_in_a_row_wait_longer_and_longer(type: str, minutes: list[int]) -> None:
    record = RECORD
    for count, wait in enumerate(minutes, start=1):
        record = rules.failed(record, AuthorityError(type, "a detail"), NOW)
        assert record.failures == count
        assert record.due_at == NOW + wait * MINUTE
    assert record.problem == Problem(type=type, detail="a detail", at=NOW)


@pytest.mark.parametrize(
    ("wish", "wait"),
    [
        (NOW - DAY, MINUTE),
        (NOW, MINUTE),
        (NOW + HOUR, HOUR),
        (NOW + 7 * DAY, 7 * DAY),
        (NOW + 99 * DAY, 7 * DAY),
    ],
)
def test_the_authority_may_ask_for_a_longer_wait(wish: datetime, wait: timedelta) -> None:
    failed = rules.failed(RECORD, AuthorityError("rateLimited", "", wish), NOW)
    assert failed.due_at == NOW + wait


def test_a_failed_renewal_keeps_the_certificate() -> None:
    leased = rules.claimed(ACTIVE, until=NOW + MINUTE)
    failed = rules.failed(leased, AuthorityError("caa", ""), NOW)
    assert failed.certificate == CERTIFICATE
    assert failed.leased_until is None


def test_an_issued_certificate_ends_all_trouble() -> None:
    before = replace(RECORD, failures=3, problem=PROBLEM, leased_until=NOW + MINUTE, due_at=NOW)
    after = rules.issued(before, CERTIFICATE, 1.0, NOW)
    assert after == replace(ACTIVE, due_at=after.due_at, advice_at=NOW + 6 * HOUR)
    assert after.due_at == NOW + 60 * DAY


def test_a_lease_that_ran_out_is_due() -> None:
    claimed = rules.claimed(RECORD, until=NOW + MINUTE)
    assert claimed.due_at == claimed.leased_until == NOW + MINUTE
    assert rules.is_leased(claimed, NOW)
    assert not rules.is_leased(claimed, NOW + MINUTE)


@pytest.mark.parametrize(
    ("record", "by_hand", "start"),
    [
        (RECORD, False, NOW),
        (replace(RECORD, due_at=NOW + DAY), False, NOW),  # not allowed yesterday: allowed now
        (replace(RECORD, due_at=NOW + DAY, problem=PROBLEM), False, NOW + DAY),
        (replace(RECORD, due_at=NOW + DAY, problem=PROBLEM), True, NOW + MINUTE),
        (ACTIVE, True, NOW),
    ],
)
def test_when_an_order_may_start(record: HostRecord, by_hand: bool, start: datetime) -> None:
    assert rules.order_from(record, NOW, by_hand=by_hand) == start


def test_what_was_revoked_is_gone_and_not_due() -> None:
    gone = rules.revoked(replace(ACTIVE, failures=2, problem=PROBLEM, advice_at=NOW))
    assert gone == RECORD


@given(at=moments, seconds=st.integers(60, 400 * 86400), random=fractions)
def test_a_renewal_is_due_shortly_before_two_thirds_of_any_lifetime(
    at: datetime, seconds: int, random: float
) -> None:
    lifetime = timedelta(seconds=seconds)
    certificate = replace(CERTIFICATE, not_before=at, not_after=at + lifetime)
    assert at + lifetime * 0.61 <= rules.renewal_time(certificate, random, at) <= at + lifetime * 0.67


@given(days=st.integers(0, 9999), random=fractions)
def test_a_certificate_that_is_dated_back_is_not_due_at_once(days: int, random: float) -> None:
    old = replace(CERTIFICATE, not_before=NOW - days * DAY)
    assert rules.renewal_time(old, random, NOW) == rules.renewal_time(CERTIFICATE, random, NOW)


@given(start=moments, end=moments, random=fractions)
def test_advice_is_followed_where_it_is_a_window(start: datetime, end: datetime, random: float) -> None:
    advice = RenewalAdvice(start=start, end=end, ask_again_at=NOW)
    due = rules.advised(ACTIVE, advice, random).due_at
    assert due is not None
    assert start <= due <= end if start < end else due == ACTIVE.due_at


def test_new_advice_moves_the_renewal() -> None:
    advised = rules.advised(ACTIVE, WINDOW, 0.5)
    assert advised.due_at == NOW + 51 * DAY
    assert advised.advice_at == WINDOW.ask_again_at


def test_the_same_advice_again_moves_nothing() -> None:
    advised = rules.advised(ACTIVE, WINDOW, 0.5)
    assert rules.advised(advised, WINDOW, 0.0) == advised


def test_advice_to_renew_at_once_is_due_at_once() -> None:
    hurry = replace(WINDOW, start=NOW - 2 * DAY, end=NOW - DAY)
    due = rules.advised(ACTIVE, hurry, 1.0).due_at
    assert due is not None
    assert due < NOW


def test_advice_does_not_break_into_a_back_off() -> None:
    failing = rules.failed(ACTIVE, AuthorityError("caa", ""), NOW)
    assert rules.advised(failing, WINDOW, 0.5).due_at == failing.due_at


def test_a_chain_of_failures_and_a_success_is_walked_in_order() -> None:
    record, states = RECORD, [State.UNAVAILABLE]
    certificate: Certificate = CERTIFICATE
    for step in (
        lambda each: rules.claimed(each, until=NOW + MINUTE),
        lambda each: rules.failed(each, AuthorityError("dns", ""), NOW),
        lambda each: rules.claimed(each, until=NOW + MINUTE),
        lambda each: rules.issued(each, certificate, 0.5, NOW),
        lambda each: rules.claimed(each, until=NOW + MINUTE),
        rules.revoked,
    ):
        record = step(record)
        states.append(rules.state_of(record, NOW))
    assert [str(state) for state in states] == [
        *("unavailable", "provisioning", "failed", "provisioning", "active", "active", "provisioning")
    ]
