from hypothesis import given
from hypothesis import strategies as st

from relay.upstream.health import Backoff
from tests.relay.harness import Clock


def test_the_pause_doubles_up_to_a_minute() -> None:
    clock = Clock()
    backoff = Backoff(monotonic=clock, jitter=lambda: 0.0)
    pauses = []
    for _ in range(9):
        backoff.failed("x")
        pauses.append(backoff.retry_at - clock.now)
        clock.now = backoff.retry_at
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


@given(st.floats(0, 1), st.integers(1, 2000))
def test_jitter_takes_at_most_half_of_it(jitter: float, failures: int) -> None:
    clock = Clock()
    backoff = Backoff(monotonic=clock, jitter=lambda: jitter)
    for _ in range(min(failures, 12)):
        clock.now = backoff.retry_at
        backoff.failed("x")
        assert not backoff.due
    assert 0.5 <= backoff.retry_at - clock.now <= 60


def test_failures_that_began_together_count_once_and_are_told_once() -> None:
    backoff = Backoff(monotonic=Clock(), jitter=lambda: 0.0)
    assert backoff.failed("first")
    assert not backoff.failed("second")
    assert (backoff.retry_at, backoff.error) == (1.0, "second")


def test_a_connection_alone_is_no_recovery() -> None:
    """A server that takes connections and says 421 to MAIL would flap, and never be left alone for long."""
    clock = Clock()
    backoff = Backoff(monotonic=clock, jitter=lambda: 0.0)
    backoff.failed("x")
    backoff.connected()
    assert backoff.due
    assert not backoff.up
    assert not backoff.failed("y")
    assert backoff.retry_at == 2.0


def test_recovery_is_told_once_and_begins_anew() -> None:
    clock = Clock()
    backoff = Backoff(monotonic=clock, jitter=lambda: 0.0)
    assert not backoff.succeeded()
    backoff.failed("x")
    clock.now = 5.0
    assert backoff.succeeded()
    assert not backoff.succeeded()
    assert (backoff.up, backoff.since) == (True, 5.0)
    backoff.failed("x")
    assert backoff.retry_at == 6.0
