import pytest

from accounts import rate_limits
from accounts.model import SendingLimits
from accounts.rate_limits import RateLimits
from tests.accounts.builders import credential

MINUTELY = credential(limits=SendingLimits(messages_per_minute=4))
DAILY = credential(limits=SendingLimits(recipients_per_day=2), number=2)


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock) -> RateLimits:
    return RateLimits(clock)


def test_a_burst_up_to_the_limit_passes_and_then_it_refills(limits: RateLimits, clock: Clock) -> None:
    assert [limits.take_message(MINUTELY) for _ in range(5)] == [0, 0, 0, 0, 15]
    clock.now += 5
    assert limits.take_message(MINUTELY) == pytest.approx(10)
    clock.now += 10.01
    assert limits.take_message(MINUTELY) == 0
    assert limits.take_message(MINUTELY) == pytest.approx(15, abs=0.1)


def test_what_is_refused_takes_nothing(limits: RateLimits, clock: Clock) -> None:
    for _ in range(100):
        limits.take_message(MINUTELY)
    clock.now += 15
    assert limits.take_message(MINUTELY) == 0


def test_a_bucket_never_holds_more_than_the_limit(limits: RateLimits, clock: Clock) -> None:
    limits.take_message(MINUTELY)
    clock.now += 1_000_000
    assert [limits.take_message(MINUTELY) for _ in range(5)] == [0, 0, 0, 0, 15]


def test_recipients_are_counted_by_the_day(limits: RateLimits, clock: Clock) -> None:
    assert [limits.take_recipient(DAILY) for _ in range(3)] == [0, 0, 43_200]
    clock.now += 43_200
    assert limits.take_recipient(DAILY) == 0


def test_messages_and_recipients_are_counted_apart(limits: RateLimits) -> None:
    both = credential(limits=SendingLimits(messages_per_minute=1, recipients_per_day=1))
    assert (limits.take_message(both), limits.take_recipient(both)) == (0, 0)
    assert limits.take_message(both) > 0


def test_credentials_are_counted_apart(limits: RateLimits) -> None:
    other = credential(limits=MINUTELY.limits, number=7)
    for _ in range(4):
        limits.take_message(MINUTELY)
    assert limits.take_message(MINUTELY) > 0
    assert limits.take_message(other) == 0


def test_without_a_limit_nothing_is_refused_or_remembered(limits: RateLimits) -> None:
    assert {limits.take_recipient(MINUTELY) for _ in range(1_000)} == {0.0}
    assert not limits._buckets


def test_a_limit_that_was_lowered_holds_at_once(limits: RateLimits) -> None:
    limits.take_message(MINUTELY)
    lowered = credential(limits=SendingLimits(messages_per_minute=1))
    assert limits.take_message(lowered) == 0
    assert limits.take_message(lowered) == 60


def test_memory_is_bounded(limits: RateLimits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "_REMEMBERED", 3)
    for number in range(10):
        limits.take_message(credential(limits=MINUTELY.limits, number=number))
    assert len(limits._buckets) == 3
