import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from service.checkup.finding import Finding, fail, ok
from service.web.checkups import KEPT, PAUSE, Checkups

START = datetime(2026, 11, 21, tzinfo=UTC)


class Clock:
    """Tells the time that it is set to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


class Look:
    """Finds something, and counts how often it was asked; while `held` is set it takes its time."""

    def __init__(self) -> None:
        self.times = 0
        self.begun = threading.Event()
        self.released = threading.Event()
        self.released.set()

    def __call__(self) -> Iterator[Finding]:
        self.times += 1
        self.begun.set()
        assert self.released.wait(10)
        yield ok("clock", f"look {self.times}")
        yield fail("keys", "gone", "bring them back")


def test_a_look_is_kept_for_a_minute() -> None:
    look, clock = Look(), Clock()
    checkups = Checkups(look, clock)
    first = checkups.newest()
    assert first is not None
    assert first.at == START
    assert [(each.level, each.subject, each.message, each.remedy) for each in first.findings] == [
        ("ok", "clock", "look 1", ""),
        ("fail", "keys", "gone", "bring them back"),
    ]
    clock.now += KEPT - timedelta(seconds=1)
    assert checkups.newest() is first
    clock.now += timedelta(seconds=1)
    assert checkups.newest() is not first
    assert look.times == 2


def test_who_wants_another_has_it_but_not_at_once() -> None:
    look, clock = Look(), Clock()
    checkups = Checkups(look, clock)
    first = checkups.newest(again=True)
    assert checkups.newest(again=True) is first
    clock.now += PAUSE
    assert checkups.newest(again=True) is not first
    assert look.times == 2


def test_there_is_one_look_at_a_time() -> None:
    look, clock = Look(), Clock()
    checkups = Checkups(look, clock)
    look.released.clear()
    other = threading.Thread(target=checkups.newest)
    other.start()
    assert look.begun.wait(10)
    assert checkups.newest() is None
    look.released.set()
    other.join()
    assert look.times == 1
    assert checkups.newest() is not None


def test_a_look_that_fails_does_not_keep_others_from_looking() -> None:
    times = []

    def look() -> list[Finding]:
        times.append(1)
        if len(times) == 1:
            raise RuntimeError("the machine is odd")
        return []

    checkups = Checkups(look, Clock())
    with pytest.raises(RuntimeError):
        checkups.newest()
    assert checkups.newest() is not None
