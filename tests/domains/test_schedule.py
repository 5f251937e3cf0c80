from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.model import Https, State
from domains.schedule import given_up, next_check
from tests.domains.builders import NOW, tracking_domain

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PENDING = replace(tracking_domain(), pending_since=NOW)
VERIFIED = tracking_domain(state=State.VERIFIED)


@pytest.mark.parametrize(
    ("checked", "due"),
    [
        (0 * MINUTE, 1 * MINUTE),
        (1 * MINUTE, 5 * MINUTE),
        (2 * MINUTE, 5 * MINUTE),  # by hand in between
        (5 * MINUTE, 15 * MINUTE),
        (15 * MINUTE, 1 * HOUR),
        (59 * MINUTE, 1 * HOUR),
        (1 * HOUR, 2 * HOUR),
        (1 * HOUR + 20 * MINUTE, 2 * HOUR),
        (71 * HOUR + 1 * MINUTE, 72 * HOUR),
    ],
)
def test_a_pending_domain(checked: timedelta, due: timedelta) -> None:
    assert next_check(PENDING, NOW + checked, 0.9) == NOW + due


@pytest.mark.parametrize(("after", "over"), [(72 * HOUR - MINUTE, False), (72 * HOUR, True)])
def test_a_pending_domain_is_given_up_after_three_days(after: timedelta, over: bool) -> None:
    assert given_up(PENDING, NOW + after) is over


@pytest.mark.parametrize("state", [State.VERIFIED, State.FAILED])
@pytest.mark.parametrize(("jitter", "hours"), [(0.0, 21.6), (0.5, 24.0), (0.999, 26.4)])
def test_once_a_day_more_or_less(state: State, jitter: float, hours: float) -> None:
    due = next_check(tracking_domain(state=state), NOW, jitter)
    assert due is not None
    assert abs(due - NOW - hours * HOUR) < MINUTE


@pytest.mark.parametrize(
    ("checked", "due"), [(0 * MINUTE, MINUTE), (MINUTE, 5 * MINUTE), (5 * MINUTE, 15 * MINUTE)]
)
def test_https_is_looked_for_again_soon_after_the_first_verification(
    checked: timedelta, due: timedelta
) -> None:
    verified = replace(VERIFIED, verified_at=NOW)
    assert next_check(verified, NOW + checked, 0.5) == NOW + due
    for settled in (replace(verified, https=Https.OFF), replace(verified, https_since=NOW)):
        assert next_check(settled, NOW + checked, 0.5) == NOW + checked + DAY


def test_https_is_not_looked_for_more_often_for_ever() -> None:
    verified = replace(VERIFIED, verified_at=NOW)
    assert next_check(verified, NOW + 15 * MINUTE, 0.5) == NOW + 15 * MINUTE + DAY


@pytest.mark.parametrize(("doubts", "minutes"), [(1, 5), (2, 10)])
def test_a_doubted_domain_five_and_fifteen_minutes_after_the_first_bad_answer(
    doubts: int, minutes: int
) -> None:
    assert next_check(replace(VERIFIED, doubts=doubts), NOW, 0.5) == NOW + minutes * MINUTE


@pytest.mark.parametrize(("unanswered", "minutes"), [(1, 5), (2, 10), (3, 20), (4, 40), (5, 60), (99, 60)])
def test_no_answer_backs_off_to_an_hour(unanswered: int, minutes: int) -> None:
    assert next_check(replace(VERIFIED, unanswered=unanswered), NOW, 0.5) == NOW + minutes * MINUTE


def test_a_retired_domain_is_never_checked() -> None:
    assert next_check(tracking_domain(state=State.RETIRED), NOW, 0.5) is None


@given(
    st.sampled_from([State.PENDING, State.VERIFIED, State.FAILED]),
    st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4)),
    st.floats(0, 1, exclude_max=True),
    st.integers(0, 200),
    st.integers(0, 200),
)
def test_the_next_check_is_soon_and_never_now(
    state: State, passed: timedelta, jitter: float, doubts: int, unanswered: int
) -> None:
    domain = replace(tracking_domain(state=state), pending_since=NOW, doubts=doubts, unanswered=unanswered)
    now = NOW + passed
    due = next_check(domain, now, jitter)
    assert due is not None
    assert now < due <= now + 1.1 * DAY
