import asyncio
import math
from collections.abc import Callable

from relay.replies import Reply
from relay.session_timer import SessionTimer

FIRST, SECOND = Reply(421, "4.4.2", "first"), Reply(421, "4.4.2", "second")


class Loop:
    """As much of a loop as a timer needs, with a clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.armed: list[tuple[float, Callable[[], None], asyncio.TimerHandle]] = []
        self.calls = 0
        self._real = asyncio.new_event_loop()

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        self.calls += 1
        handle = asyncio.TimerHandle(when, callback, [], self._real)
        self.armed.append((when, callback, handle))
        return handle

    def pass_to(self, now: float) -> None:
        while due := [entry for entry in self.armed if entry[0] <= now and not entry[2].cancelled()]:
            entry = min(due, key=lambda entry: entry[0])
            self.armed.remove(entry)
            self.now = entry[0]
            entry[1]()
        self.now = now

    def close(self) -> None:
        self._real.close()


def play(scene: Callable[[Loop, SessionTimer, list[Reply]], None]) -> None:
    loop, said = Loop(), list[Reply]()
    try:
        scene(loop, SessionTimer(loop, said.append), said)  # type: ignore[arg-type]
    finally:
        loop.close()


def test_it_expires_with_its_reply() -> None:
    def scene(loop: Loop, timer: SessionTimer, said: list[Reply]) -> None:
        timer.set(10, FIRST)
        loop.pass_to(9.9)
        assert said == []
        loop.pass_to(10)
        assert said == [FIRST]

    play(scene)


def test_a_deadline_that_moves_away_arms_nothing_until_it_fires() -> None:
    def scene(loop: Loop, timer: SessionTimer, said: list[Reply]) -> None:
        for start in range(9):
            loop.pass_to(start)
            timer.set(start + 10, FIRST)
        assert loop.calls == 1
        loop.pass_to(17.9)
        assert said == []
        loop.pass_to(18)
        assert said == [FIRST]

    play(scene)


def test_a_deadline_that_comes_nearer_is_kept() -> None:
    def scene(loop: Loop, timer: SessionTimer, said: list[Reply]) -> None:
        timer.set(100, FIRST)
        timer.set(10, SECOND)
        loop.pass_to(10)
        assert said == [SECOND]

    play(scene)


def test_paused_it_waits_for_nothing_and_can_be_set_again() -> None:
    def scene(loop: Loop, timer: SessionTimer, said: list[Reply]) -> None:
        timer.set(10, FIRST)
        timer.pause()
        loop.pass_to(50)
        assert said == []
        timer.set(60, SECOND)
        loop.pass_to(60)
        assert said == [SECOND]

    play(scene)


def test_cancelled_it_leaves_nothing_behind() -> None:
    def scene(loop: Loop, timer: SessionTimer, said: list[Reply]) -> None:
        timer.set(10, FIRST)
        timer.cancel()
        loop.pass_to(math.nextafter(10, 11))
        assert said == []
        assert all(handle.cancelled() for _, _, handle in loop.armed)

    play(scene)
