import errno
import logging
import os
import resource
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.journal import Journal
from events.model import Record
from events.segments import claimed, segments
from events.shipping import ship
from tests.events.memory_store import MemoryStore
from tests.events.records import AT, hit, records

Write = Callable[[int, bytes], int]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@contextmanager
def open_journal(directory: Path, *, max_segment_bytes: int = 1 << 20) -> Iterator[Journal]:
    ticks, suffixes = count(AT), count()
    journal = Journal(
        directory,
        clock=lambda: next(ticks),
        new_suffix=lambda: f"{next(suffixes):04x}",
        max_segment_bytes=max_segment_bytes,
    )
    yield journal
    journal.close()


@pytest.fixture
def journal(directory: Path) -> Iterator[Journal]:
    with open_journal(directory) as journal:
        yield journal


def shipped(directory: Path) -> list[Record]:
    """Ship everything that is free; return it. No line may be damaged."""
    store = MemoryStore()
    assert ship(directory, store).damaged == 0
    return store.records


def failing(error: int, *, after: int = 0) -> Write:
    """Return an `os.write` for a disk that takes `after` more bytes."""
    real, room = os.write, after

    def write(descriptor: int, data: bytes) -> int:
        nonlocal room
        if room == 0:
            raise OSError(error, os.strerror(error))
        taken = real(descriptor, data[:room])
        room -= taken
        return taken

    return write


def test_a_record_is_in_the_file_when_append_returns(journal: Journal, directory: Path) -> None:
    assert journal.append(hit())
    [path] = segments(directory)
    assert b'"type":"hit"' in path.read_bytes()


@settings(max_examples=30)
@given(st.lists(records, max_size=8, unique_by=lambda record: (type(record), record.id)))
def test_any_records_come_back_in_order(
    tmp_path_factory: pytest.TempPathFactory, given: list[Record]
) -> None:
    directory = tmp_path_factory.mktemp("journal")
    with open_journal(directory) as journal:
        assert all(journal.append(record) for record in given)
    assert shipped(directory) == given
    assert segments(directory) == []


def test_only_its_owner_can_read_it(journal: Journal, directory: Path) -> None:
    journal.append(hit())
    [path] = segments(directory)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_open_segment_is_its_writers(journal: Journal, directory: Path) -> None:
    journal.append(hit())
    with claimed(segments(directory)[0]) as file:
        assert file is None
    assert shipped(directory) == []


def test_rotating_hands_the_segment_over(journal: Journal, directory: Path) -> None:
    journal.append(hit(1))
    journal.rotate()
    journal.append(hit(2))
    assert shipped(directory) == [hit(1)]
    journal.rotate()
    assert shipped(directory) == [hit(2)]


def test_an_empty_segment_is_not_rotated(journal: Journal, directory: Path) -> None:
    before = segments(directory)
    journal.rotate()
    assert segments(directory) == before


def test_a_full_segment_is_rotated(directory: Path) -> None:
    with open_journal(directory, max_segment_bytes=1000) as journal:
        for number in range(10):
            journal.append(hit(number))
        assert len(segments(directory)) == 4
        assert all(path.stat().st_size < 1500 for path in segments(directory))
    assert shipped(directory) == [hit(number) for number in range(10)]


def test_closing_leaves_no_empty_segment(journal: Journal, directory: Path) -> None:
    journal.close()
    assert segments(directory) == []
    journal.close()


def test_a_record_after_closing_is_kept(journal: Journal, directory: Path) -> None:
    journal.close()
    assert journal.append(hit())
    journal.close()
    assert shipped(directory) == [hit()]


def test_a_name_that_is_taken_is_left_alone(directory: Path) -> None:
    suffixes = iter(["same", "same", "other"])
    first = Journal(directory, clock=lambda: AT, new_suffix=lambda: next(suffixes))
    second = Journal(directory, clock=lambda: AT, new_suffix=lambda: next(suffixes))
    first.append(hit(1))
    second.append(hit(2))
    assert len(segments(directory)) == 2
    first.close()
    second.close()
    assert shipped(directory) == [hit(2), hit(1)]


def test_names_that_are_all_taken_are_a_loss_that_is_counted(directory: Path) -> None:
    first = Journal(directory, clock=lambda: AT, new_suffix=lambda: "same")
    second = Journal(directory, clock=lambda: AT, new_suffix=lambda: "same")
    assert first.append(hit(1))
    assert not second.append(hit(2))
    assert (first.lost, second.lost) == (0, 1)
    first.close()
    assert shipped(directory) == [hit(1)]


def test_a_segment_that_the_shipper_took_while_new_is_not_written_to(
    journal: Journal, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between a segment's making and its lock the shipper may find it, free and empty, and remove it."""
    journal.close()
    real = os.open
    taken: list[Path] = []

    def open_and_lose(path: Path, *arguments: int) -> int:
        descriptor = real(path, *arguments)
        if not taken:
            taken.append(path)
            path.unlink()
        return descriptor

    monkeypatch.setattr(os, "open", open_and_lose)
    assert journal.append(hit())
    journal.rotate()
    assert taken
    assert shipped(directory) == [hit()]


@pytest.mark.parametrize("room", [0, 1, 9, 100])
def test_a_full_disk_is_a_counted_loss_and_recovers(
    journal: Journal, directory: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    assert journal.append(hit(1))
    with monkeypatch.context() as full:
        full.setattr(os, "write", failing(errno.ENOSPC, after=room))
        assert [journal.append(hit(number)) for number in (2, 3, 4)] == [False] * 3
        assert journal.lost == 3
    assert journal.append(hit(5))
    journal.close()
    assert journal.lost == 3
    assert shipped(directory) == [hit(1), hit(5)]


def test_a_limit_of_the_kernel_is_a_counted_loss(journal: Journal, directory: Path) -> None:
    """The same without a double: a file may not grow past RLIMIT_FSIZE, and the write is cut off there."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    assert journal.append(hit(1))
    [path] = segments(directory)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 50, hard))
    try:
        assert not journal.append(hit(2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert journal.append(hit(3))
    assert journal.lost == 1
    journal.close()
    assert shipped(directory) == [hit(1), hit(3)]


def test_many_failures_leave_no_heap_of_files(
    journal: Journal, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        full.setattr(os, "write", failing(errno.ENOSPC))
        for number in range(50):
            journal.append(hit(number))
        assert segments(directory) == []


def test_a_loss_is_told_once_for_each_change_of_state(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for error in (errno.ENOSPC, errno.EIO):
        with monkeypatch.context() as broken:
            broken.setattr(os, "write", failing(error))
            journal.append(hit(user_agent="private"))
            journal.append(hit(user_agent="private"))
        journal.append(hit())
        journal.append(hit())
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING] * 2
    assert "No space left on device" in caplog.messages[0]
    assert "2 records lost" in caplog.messages[1]
    assert "4 records lost" in caplog.messages[3]
    assert "private" not in caplog.text


def test_a_folder_that_cannot_be_written_is_told_at_the_start(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory.touch()  # a file where the folder should be
    with open_journal(directory) as journal:
        assert len(caplog.records) == 1
        assert str(directory) in caplog.text
        assert not journal.append(hit(1))
        assert len(caplog.records) == 1
        directory.unlink()
        assert journal.append(hit(2))
        assert journal.lost == 1
    assert shipped(directory) == [hit(2)]


def test_with_no_descriptor_left_the_segment_goes_on(
    journal: Journal, directory: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_descriptor(*arguments: object) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    journal.append(hit(1))
    with monkeypatch.context() as crowded:
        crowded.setattr(os, "open", no_descriptor)
        journal.rotate()
        assert journal.append(hit(2))
    assert journal.lost == 0
    assert "stays with" in caplog.text
    journal.close()
    assert shipped(directory) == [hit(1), hit(2)]


def test_a_segment_deleted_while_in_use_is_a_counted_loss(
    journal: Journal, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal.append(hit(1))
    segments(directory)[0].unlink()
    journal.append(hit(2))
    journal.rotate()
    assert journal.lost == 2
    assert "2 records lost" in caplog.text
    journal.append(hit(3))
    journal.rotate()
    assert journal.lost == 2
    assert shipped(directory) == [hit(3)]


def test_an_empty_segment_deleted_while_in_use_is_replaced(journal: Journal, directory: Path) -> None:
    segments(directory)[0].unlink()
    journal.rotate()
    journal.append(hit())
    journal.rotate()
    assert journal.lost == 0
    assert shipped(directory) == [hit()]


def test_threads_may_append_while_another_rotates(journal: Journal, directory: Path) -> None:
    def append(first: int) -> None:
        for number in range(first, first + 500):
            assert journal.append(hit(number))

    threads = [Thread(target=append, args=(first,)) for first in (0, 500, 1000)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        journal.rotate()
    for thread in threads:
        thread.join()
    journal.close()
    assert journal.lost == 0
    assert {record.id for record in shipped(directory)} == {hit(number).id for number in range(1500)}
