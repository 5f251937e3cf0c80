import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.webhooks.back_off import LONGEST_WISH, PATIENCE, RESTS, STEPS, rest, until_next


def test_attempts_come_less_and_less_often() -> None:
    assert [until_next(attempts, 0.5) for attempts in range(1, 10)] == [*STEPS, STEPS[-1], STEPS[-1]]
    assert [rest(failures, 0.5) for failures in range(1, 6)] == [*RESTS, RESTS[-1]]


@given(st.integers(1, 100), st.floats(0, 1))
def test_what_failed_together_spreads_out(attempts: int, random: float) -> None:
    step = until_next(attempts, 0.5)
    assert 0.8 * step <= until_next(attempts, random) <= 1.2 * step


@pytest.mark.parametrize(("wish", "seconds"), [(1, 5), (60, 60), (1e9, LONGEST_WISH), (None, 5)])
def test_a_wish_is_heeded_within_bounds(wish: float | None, seconds: float) -> None:
    assert until_next(1, 0.5, wish) == rest(1, 0.5, wish) == seconds


def test_a_batch_is_tried_often_within_its_day() -> None:
    attempts, passed = 1, 0.0
    while passed < PATIENCE.total_seconds():
        passed += until_next(attempts, 0.5)
        attempts += 1
    assert 15 <= attempts <= 20
