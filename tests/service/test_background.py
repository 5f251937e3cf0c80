import asyncio
import itertools
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from events.ports import Rejudged, StoreUnavailable, Work
from events.segments import encode_line, segment_name, segments
from service import background
from service.background import LAST_SHIPPING_SECONDS, Judge, Shipper, judging
from service.live.check_backlog import LiveBacklog
from service.work_lease import WorkLease
from service.workers.background_process import BackgroundProcess
from tests.domains.builders import tracking_domain
from tests.events.memory_leases import MemoryLeases
from tests.events.memory_store import MemoryStore
from tests.events.records import hit
from tests.service.domain_checks.test_background import Leases


def leave_segments(directory: Path, count: int) -> None:
    for number in range(count):
        path = directory / segment_name(number, f"{number:02x}")
        path.write_bytes(encode_line(hit(number)))


def test_one_segment_at_a_time(tmp_path: Path) -> None:
    leave_segments(tmp_path, 3)
    store = MemoryStore()
    shipper = Shipper(tmp_path, store, interval=1)
    assert shipper.ship_one() is not None
    assert store.records == [hit(0)]
    assert len(segments(tmp_path)) == 2


def test_the_last_shipping_takes_all_that_there_is_time_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    leave_segments(tmp_path, 5)
    clock = itertools.count(0.0, LAST_SHIPPING_SECONDS / 2)
    Shipper(tmp_path, MemoryStore(), interval=1, monotonic=lambda: next(clock)).ship_last()
    assert len(segments(tmp_path)) == 2
    assert "for the next start" in caplog.text
    Shipper(tmp_path, MemoryStore(), interval=1).ship_last()
    assert segments(tmp_path) == []


class Minutes:
    """A store with so many minutes to judge; may be away."""

    def __init__(self, left: int) -> None:
        self.left, self.away, self.asked = left, False, list[int]()

    def judge_oldest(self, now: int) -> bool:
        if self.away:
            raise StoreUnavailable("The database is away.")
        self.asked.append(now)
        self.left -= 1
        return self.left >= 0

    def rejudge(self, since: int, until: int) -> Iterator[Rejudged]:
        raise StoreUnavailable("This store judges minutes alone.")

    def span(self) -> tuple[int, int] | None:
        return None


def lease(leases: MemoryLeases, owner: str = "here") -> WorkLease:
    return WorkLease(leases, Work.JUDGING, owner=owner, monotonic=lambda: 0.0)


def test_judging_goes_on_until_nothing_is_left() -> None:
    minutes, leases = Minutes(3), MemoryLeases()

    async def run() -> None:
        async with judging(Judge(minutes, lease(leases), clock=lambda: 7)):
            while len(minutes.asked) < 4:  # noqa: ASYNC110 - a thread asks, which sets no event
                await asyncio.sleep(0)

    asyncio.run(run())
    assert (minutes.left, minutes.asked) == (-1, [7] * 4)
    assert leases.owners == {}


def test_nothing_is_judged_while_another_process_does() -> None:
    minutes, leases = Minutes(2), MemoryLeases()
    first, second = (Judge(minutes, lease(leases, owner), clock=lambda: 7) for owner in ("a", "b"))
    assert [first.judge_one(), second.judge_one()] == [True, False]
    first.leave()
    assert second.judge_one()
    assert minutes.left == 0


def test_nothing_is_judged_while_the_journal_is_carried_to_the_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    minutes, looks = Minutes(1), iter([True, True, False])
    monkeypatch.setattr(background, "JUDGE_SECONDS", 0.0)

    async def run() -> None:
        judge = Judge(minutes, lease(MemoryLeases()), clock=lambda: 7, behind=lambda: next(looks, False))
        async with judging(judge):
            while not minutes.asked:  # noqa: ASYNC110 - a thread asks, which sets no event
                await asyncio.sleep(0)

    asyncio.run(run())
    assert next(looks, None) is None


def test_a_shipper_knows_whether_it_is_behind(tmp_path: Path) -> None:
    leave_segments(tmp_path, 2)
    store = MemoryStore()
    shipper = Shipper(tmp_path, store, interval=1)
    found = [shipper.behind]
    for _ in range(3):
        shipper.ship_one()
        found.append(shipper.behind)
    assert found == [False, True, True, False]
    leave_segments(tmp_path, 2)
    shipper.ship_one()
    store.away = True
    shipper.ship_one()
    assert not shipper.behind


def test_a_database_that_is_away_delays_judging_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    minutes = Minutes(1)
    judge = Judge(minutes, lease(MemoryLeases()), clock=lambda: 7)
    minutes.away = True
    assert [judge.judge_one() for _ in range(3)] == [False] * 3
    minutes.away = False
    assert [judge.judge_one() for _ in range(2)] == [True, False]
    assert caplog.text.count("judged later") == 1


def test_a_database_that_is_away_is_told_once_and_keeps_everything(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    leave_segments(tmp_path, 2)
    store = MemoryStore()
    store.away = True
    shipper = Shipper(tmp_path, store, interval=1)
    for _ in range(3):
        assert shipper.ship_one() is None
    shipper.ship_last()
    assert len(segments(tmp_path)) == 2
    store.away = False
    shipper.ship_last()
    assert store.records == [hit(0), hit(1)]
    assert [record.message for record in caplog.records] == [
        f"events: The database is away. Events wait in {tmp_path}",
        "events: works again",
    ]


def test_a_segment_that_cannot_be_shipped_is_told_once_with_its_reason(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    leave_segments(tmp_path, 1)
    broken = tmp_path / segment_name(0, "00")
    broken.unlink()
    broken.mkdir()
    shipper = Shipper(tmp_path, MemoryStore(), interval=1)
    for _ in range(3):
        shipper.ship_one()
    assert shipper.stuck == 1
    broken.rmdir()
    shipper.ship_one()
    assert shipper.stuck == 0
    assert [record.message for record in caplog.records] == [
        f"journal: cannot be shipped whole, and stays: {broken}: Is a directory",
        "journal: works again",
    ]


def test_how_long_nothing_could_be_shipped_is_known(tmp_path: Path) -> None:
    store, now = MemoryStore(), 0.0
    store.away = True

    async def scene() -> None:
        nonlocal now
        shipper = Shipper(tmp_path, store, interval=0.001, monotonic=lambda: now)
        running = asyncio.create_task(shipper.run())
        leave_segments(tmp_path, 1)
        now = 60.0
        assert shipper.age() == 60
        store.away = False
        async with asyncio.timeout(10):
            while shipper.age():  # noqa: ASYNC110 - a folder has no event
                await asyncio.sleep(0.001)
        running.cancel()

    asyncio.run(scene())


def test_running_ships_a_whole_backlog_without_waiting_between_segments(tmp_path: Path) -> None:
    leave_segments(tmp_path, 5)
    store = MemoryStore()

    async def scene() -> None:
        running = asyncio.create_task(Shipper(tmp_path, store, interval=0.001).run())
        async with asyncio.timeout(10):
            while segments(tmp_path):  # noqa: ASYNC110 - a folder has no event
                await asyncio.sleep(0.001)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(scene())
    assert store.records == [hit(number) for number in range(5)]


class Checker:
    """In place of the process that checks."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.ended = False

    async def run(self) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended = True


def test_the_process_that_checks_begins_with_the_first_domain_that_is_due(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(background, "POLL_SECONDS", 0.001)
    leases, checker = Leases(), Checker()

    async def scene() -> None:
        async with background.checking(LiveBacklog(leases), cast(BackgroundProcess, checker)):
            for _ in range(3):
                await asyncio.to_thread(leases.looked.acquire)
            assert not checker.begun.is_set()
            leases.due.append(tracking_domain())
            await asyncio.wait_for(checker.begun.wait(), 20)
            assert not checker.ended
        assert checker.ended

    asyncio.run(scene())
