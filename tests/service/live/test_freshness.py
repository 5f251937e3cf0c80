import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from service.live import freshness
from service.live.freshness import Freshness
from storage.failures import DatabaseUnavailable


class FakeListener:
    """A pipe stands for the connection."""

    def __init__(self) -> None:
        self.possible = True
        self.away = False
        self.attempts = self.heard = 0
        self.descriptor: int | None = None
        self._reading, self._writing = os.pipe()

    def listen(self) -> None:
        self.attempts += 1
        if self.away:
            raise DatabaseUnavailable("The database is away.")
        self.descriptor = self._reading

    def tell(self) -> None:
        os.write(self._writing, b"!")

    def hear(self) -> bool:
        os.read(self._reading, 100)
        self.heard += 1
        return True

    def close(self) -> None:
        self.descriptor = None

    def end(self) -> None:
        os.close(self._reading)
        os.close(self._writing)


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeListener]:
    monkeypatch.setattr(freshness, "PAUSE_SECONDS", 0.001)
    fake = FakeListener()
    yield fake
    fake.end()


def run(each: Freshness, until: Callable[[], bool], *, after: Callable[[], None] = lambda: None) -> None:
    """Run it until something is so; `after` is called once it has waited for the first time."""

    async def scene() -> None:
        running = asyncio.create_task(each.run())
        await asyncio.sleep(0.05)
        after()
        async with asyncio.timeout(10):
            while not until():  # noqa: ASYNC110 - a counter has no event
                await asyncio.sleep(0.001)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    asyncio.run(scene())


def test_it_reads_when_it_is_told(listener: FakeListener) -> None:
    readings: list[int | None] = []
    each = Freshness(listener, lambda: readings.append(listener.descriptor))
    run(each, lambda: len(readings) == 2, after=listener.tell)
    assert None not in readings  # it listened before the first reading
    assert (listener.attempts, listener.heard, listener.descriptor) == (1, 1, None)


def test_what_cannot_tell_is_asked(listener: FakeListener) -> None:
    listener.possible = False
    readings: list[None] = []
    run(Freshness(listener, lambda: readings.append(None)), lambda: len(readings) > 3)
    assert listener.attempts == 0


def test_while_nobody_can_listen_it_asks_and_tries_again_later(
    listener: FakeListener, caplog: pytest.LogCaptureFixture
) -> None:
    listener.away = True
    clock = [0.0]
    readings: list[None] = []
    each = Freshness(listener, lambda: readings.append(None), monotonic=lambda: clock[0])
    run(each, lambda: len(readings) > 3)
    assert listener.attempts == 1
    listener.away, clock[0] = False, freshness.LISTEN_AGAIN_SECONDS
    run(each, lambda: listener.attempts == 2 and listener.descriptor is not None)
    assert [record.message for record in caplog.records] == [
        "database: The database is away. Until it tells of changes it is asked every second",
        "database: works again",
    ]


def test_a_reading_that_fails_is_not_the_last(
    listener: FakeListener, caplog: pytest.LogCaptureFixture
) -> None:
    listener.possible = False
    readings: list[None] = []

    def fail() -> None:
        readings.append(None)
        raise ZeroDivisionError

    run(Freshness(listener, fail), lambda: len(readings) > 1)
    assert "could not be refreshed" in caplog.text


def test_readings_do_not_pile_up(listener: FakeListener) -> None:
    listener.possible = False
    under_way, most, readings = 0, 0, 0

    def read() -> None:
        nonlocal under_way, most, readings
        under_way += 1
        most = max(most, under_way)
        os.sched_yield()
        under_way -= 1
        readings += 1

    run(Freshness(listener, read), lambda: readings > 20)
    assert most == 1
