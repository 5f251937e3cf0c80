"""The journal where each record is to be on the disk: what is synced, when, and what a failure does."""

import errno
import logging
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from threading import Thread

import pytest

from events.journal import Journal
from events.model import Record
from events.segments import claimed, segments
from events.shipping import ship
from tests.events.memory_store import MemoryStore
from tests.events.records import AT, hit


class Disk:
    """What `os.fsync` was called for, and whether it fails."""

    def __init__(self) -> None:
        self.synced: list[Path] = []
        self.free: list[bool] = []  # whether a shipper could have had it then
        self.error = 0

    def fsync(self, descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if self.error:
            raise OSError(self.error, os.strerror(self.error))
        self.synced.append(path)
        if path.is_file():
            with claimed(path) as file:
                self.free.append(file is not None)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(os, "fsync", disk.fsync)
    return disk


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def new_journal(directory: Path, *, fsync: bool = True, max_segment_bytes: int = 1 << 20) -> Journal:
    ticks, suffixes = count(AT), count()
    return Journal(
        directory,
        clock=lambda: next(ticks),
        new_suffix=lambda: f"{next(suffixes):04x}",
        max_segment_bytes=max_segment_bytes,
        fsync=fsync,
    )


@pytest.fixture
def journal(directory: Path, disk: Disk) -> Iterator[Journal]:
    journal = new_journal(directory)
    yield journal
    disk.error = 0
    journal.close()


def shipped(directory: Path) -> list[Record]:
    store = MemoryStore()
    assert ship(directory, store).damaged == 0
    return store.records


def test_a_sync_covers_the_segment_and_once_its_name(journal: Journal, directory: Path, disk: Disk) -> None:
    [segment] = segments(directory)
    journal.append(hit(1))
    assert disk.synced == []
    assert journal.sync()
    assert disk.synced == [segment, directory]
    journal.append(hit(2))
    assert journal.sync()
    assert disk.synced == [segment, directory, segment]


def test_without_the_setting_handing_over_syncs_nothing(directory: Path, disk: Disk) -> None:
    journal = new_journal(directory, fsync=False)
    journal.append(hit(1))
    journal.rotate()
    journal.append(hit(2))
    journal.close()
    assert disk.synced == []
    assert shipped(directory) == [hit(1), hit(2)]


def test_nothing_is_handed_over_before_it_is_on_the_disk(
    journal: Journal, directory: Path, disk: Disk
) -> None:
    journal.append(hit(1))
    journal.rotate()
    journal.append(hit(2))
    journal.close()
    assert disk.free
    assert not any(disk.free)
    assert shipped(directory) == [hit(1), hit(2)]


def test_a_full_segment_is_synced_with_the_next_one_and_not_by_who_appends(
    directory: Path, disk: Disk
) -> None:
    journal = new_journal(directory, max_segment_bytes=1)
    journal.append(hit(1))
    journal.append(hit(2))
    assert disk.synced == []
    assert shipped(directory) == []
    first, second, third = segments(directory)
    assert journal.sync()
    assert disk.synced == [first, second, third, directory]
    assert shipped(directory) == [hit(1), hit(2)]
    journal.close()


def test_a_failure_is_told_once_and_the_segment_not_used_further(
    journal: Journal, directory: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "waypost.journal")
    disk.error = errno.EIO
    for number in (1, 2):
        assert journal.append(hit(number))
        assert not journal.sync()
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "cannot be brought to the disk" in caplog.text
    disk.error = 0
    assert shipped(directory) == [hit(1), hit(2)]  # what the kernel still has is not thrown away
    assert journal.append(hit(3))
    assert journal.sync()
    assert journal.sync()
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    journal.close()
    assert shipped(directory) == [hit(3)]


def test_threads_may_append_and_sync_while_another_rotates(directory: Path) -> None:
    journal = new_journal(directory, max_segment_bytes=2_000)
    numbers = [range(first, first + 50) for first in (0, 100, 200)]

    def write(mine: range) -> None:
        for number in mine:
            assert journal.append(hit(number))
            assert journal.sync()

    threads = [Thread(target=write, args=(mine,)) for mine in numbers]
    for thread in threads:
        thread.start()
    for _ in range(20):
        journal.rotate()
    for thread in threads:
        thread.join()
    journal.close()
    assert sorted(record.id for record in shipped(directory)) == [
        hit(number).id for mine in numbers for number in mine
    ]
