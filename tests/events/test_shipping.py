import logging
import re
import subprocess
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from events.journal import Journal
from events.model import Record
from events.ports import StoreUnavailable
from events.segments import claimed, encode_line, segment_name, segments
from events.shipping import DAMAGED_SUFFIX, Shipped, ship
from storage.engine import open_engine, transaction
from storage.event_store import SqlEventStore
from storage.migrate import upgrade
from tests.events.memory_store import MemoryStore
from tests.events.records import AT, hit, message, outcome, records

PROJECT = Path(__file__).parents[2]

batches_of_records = st.lists(
    records, min_size=1, max_size=5, unique_by=lambda record: (type(record), record.id)
)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def leave(directory: Path, *lines: bytes, at: int = 1) -> Path:
    """Write a segment as a writer that is gone would have left it."""
    path = directory / segment_name(at, "a")
    path.write_bytes(b"".join(lines))
    return path


def aside(path: Path) -> Path:
    return path.with_name(path.name + DAMAGED_SUFFIX)


class CrashingStore(MemoryStore):
    """Takes `good` batches, and is away from then on."""

    def __init__(self, good: int) -> None:
        super().__init__()
        self.good = good

    def add(self, records: Sequence[Record]) -> None:
        self.away = len(self.batches) >= self.good
        super().add(records)


def test_a_missing_folder_is_nothing_to_do(tmp_path: Path, store: MemoryStore) -> None:
    assert ship(tmp_path / "journal", store) == Shipped()


def test_segments_are_shipped_oldest_first_and_removed(tmp_path: Path, store: MemoryStore) -> None:
    leave(tmp_path, encode_line(hit(3)), at=20)
    leave(tmp_path, encode_line(message()), encode_line(outcome(2)), at=3)
    assert ship(tmp_path, store) == Shipped(records=3, segments=2)
    assert store.records == [message(), outcome(2), hit(3)]
    assert list(tmp_path.iterdir()) == []


def test_records_go_in_batches(tmp_path: Path, store: MemoryStore) -> None:
    leave(tmp_path, *(encode_line(hit(number)) for number in range(7)))
    ship(tmp_path, store, batch=3)
    assert store.batches == [3, 3, 1]


def test_a_limit_leaves_the_newer_segments(tmp_path: Path, store: MemoryStore) -> None:
    for at in (1, 2, 3):
        leave(tmp_path, encode_line(hit(at)), at=at)
    assert ship(tmp_path, store, limit=2).segments == 2
    assert store.records == [hit(1), hit(2)]
    assert ship(tmp_path, store, limit=2).segments == 1


def test_other_files_are_left_alone(tmp_path: Path, store: MemoryStore) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert ship(tmp_path, store) == Shipped()
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_segment_that_another_shipper_holds_is_left_to_it(tmp_path: Path, store: MemoryStore) -> None:
    path = leave(tmp_path, encode_line(hit()))
    with claimed(path):
        assert ship(tmp_path, store) == Shipped()
    assert ship(tmp_path, store) == Shipped(records=1, segments=1)


def test_a_store_that_is_away_leaves_everything(tmp_path: Path, store: MemoryStore) -> None:
    path = leave(tmp_path, b"damaged\n", encode_line(hit(1)))
    leave(tmp_path, encode_line(hit(2)), at=2)
    before = {one: one.read_bytes() for one in tmp_path.iterdir()}
    store.away = True
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            ship(tmp_path, store)
    assert {one: one.read_bytes() for one in tmp_path.iterdir()} == before
    store.away = False
    assert ship(tmp_path, store) == Shipped(records=2, segments=2, damaged=1)
    assert aside(path).read_bytes() == b"damaged\n"


def test_a_store_that_goes_away_in_between_gets_the_segment_again(tmp_path: Path) -> None:
    leave(tmp_path, *(encode_line(hit(number)) for number in range(4)))
    store = CrashingStore(good=1)
    with pytest.raises(StoreUnavailable):
        ship(tmp_path, store, batch=2)
    assert len(segments(tmp_path)) == 1
    store.good = 100
    ship(tmp_path, store, batch=2)
    assert store.records == [hit(number) for number in range(4)]


def test_a_segment_that_could_not_be_removed_is_shipped_again_and_holds_up_nothing(
    tmp_path: Path, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = leave(tmp_path, b"damaged\n", encode_line(hit(1)), at=1)
    leave(tmp_path, encode_line(hit(2)), at=2)
    real = Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path == stuck:
            raise PermissionError(1, "Operation not permitted")
        real(path, missing_ok)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", unlink)
        told = f"{stuck}: Operation not permitted"
        assert ship(tmp_path, store) == Shipped(records=1, segments=1, skipped=(told,))
    assert ship(tmp_path, store) == Shipped(records=1, segments=1, damaged=1)
    assert store.records == [hit(1), hit(2)]
    assert aside(stuck).read_bytes() == b"damaged\n"


def test_a_damaged_line_is_kept_aside_and_told(
    tmp_path: Path, store: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    broken = encode_line(hit(2)).replace(b"click", b"clock")
    path = leave(tmp_path, encode_line(hit(1)), broken, encode_line(hit(3)))
    assert ship(tmp_path, store) == Shipped(records=2, segments=1, damaged=1)
    assert store.records == [hit(1), hit(3)]
    assert aside(path).read_bytes() == broken
    assert aside(path).stat().st_mode & 0o777 == 0o600
    [told] = caplog.records
    assert (told.levelno, told.name) == (logging.ERROR, "waypost.journal")
    assert "1 damaged lines" in told.getMessage()
    assert "203.0.113.9" not in told.getMessage()


def test_a_line_that_was_cut_off_is_kept_and_no_damage(
    tmp_path: Path, store: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    path = leave(tmp_path, encode_line(hit(1)), encode_line(hit(2))[:-5])
    assert ship(tmp_path, store) == Shipped(records=1, segments=1)
    assert aside(path).read_bytes() == encode_line(hit(2))[:-5]
    assert [told.levelno for told in caplog.records] == [logging.WARNING]


def test_whole_segments_leave_nothing_aside(tmp_path: Path, store: MemoryStore) -> None:
    path = leave(tmp_path, encode_line(hit(1)))
    ship(tmp_path, store)
    assert not aside(path).exists()


@settings(deadline=None)
@given(batches_of_records, st.data())
def test_a_file_torn_anywhere_gives_the_records_before(
    tmp_path_factory: pytest.TempPathFactory, given: list[Record], data: st.DataObject
) -> None:
    lines = [encode_line(record) for record in given]
    whole = b"".join(lines)
    torn = data.draw(st.integers(0, len(whole)))
    directory, store = tmp_path_factory.mktemp("journal"), MemoryStore()
    leave(directory, whole[:torn])
    ship(directory, store)
    # A line that lacks its newline alone is still whole.
    ends = [sum(map(len, lines[: number + 1])) - 1 for number in range(len(lines))]
    assert store.records == given[: sum(end <= torn for end in ends)]


@settings(deadline=None)
@given(batches_of_records, st.data())
def test_a_flipped_byte_loses_its_own_line_at_most(
    tmp_path_factory: pytest.TempPathFactory, given: list[Record], data: st.DataObject
) -> None:
    lines = [bytearray(encode_line(record)) for record in given]
    hurt = data.draw(st.integers(0, len(lines) - 1))
    # All but the newline: without that, the line and the one behind it are one.
    lines[hurt][data.draw(st.integers(0, len(lines[hurt]) - 2))] ^= data.draw(st.integers(1, 255))
    directory, store = tmp_path_factory.mktemp("journal"), MemoryStore()
    path = leave(directory, *map(bytes, lines))
    assert ship(directory, store).damaged >= 1
    assert store.records == given[:hurt] + given[hurt + 1 :]
    assert aside(path).read_bytes() == lines[hurt]


@settings(max_examples=60)
@given(given=batches_of_records, data=st.data())
def test_a_flip_or_a_gap_anywhere_changes_no_record(
    tmp_path_factory: pytest.TempPathFactory, given: list[Record], data: st.DataObject
) -> None:
    """Even in a newline, which makes one line of two or two of one."""
    content = bytearray(b"".join(map(encode_line, given)))
    at = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[at] ^= data.draw(st.integers(1, 255))
        most = 2
    else:
        del content[at : at + data.draw(st.integers(1, len(content) - at))]
        most = len(given)
    directory, store = tmp_path_factory.mktemp("journal"), MemoryStore()
    leave(directory, bytes(content))
    ship(directory, store)
    rest = iter(given)
    assert all(record in rest for record in store.records)  # those that were given, in their order
    assert len(given) - len(store.records) <= most


class Database:
    """A real one, and what its table of hits holds."""

    def __init__(self, file: Path) -> None:
        upgrade(f"sqlite:///{file}")
        self._engine = open_engine(f"sqlite:///{file}")
        self.store = SqlEventStore(self._engine)

    def ids(self) -> list[str]:
        with transaction(self._engine, writes=False, raising=StoreUnavailable) as connection:
            return list(connection.execute(text("SELECT id FROM hits ORDER BY id")).scalars())


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "waypost.sqlite")


def append_until_killed(directory: Path, name: str, acknowledgements: int) -> list[str]:
    """Kill -9 a process that appends, after so many acknowledgements; return all that it gave."""
    command = [sys.executable, "-m", "tests.events.appending", str(directory), name]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        given = [process.stdout.readline() for _ in range(acknowledgements)]
        process.kill()
        given += process.stdout.readlines()
    return [line.decode().strip() for line in given if line.endswith(b"\n")]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_acknowledged_record_survives_kill_9_once(tmp_path: Path, database: Database, seed: int) -> None:
    directory = tmp_path / "journal"
    acknowledged = append_until_killed(directory, f"{seed:02x}", Random(seed).randrange(1, 1500))
    kept = {path: path.read_bytes() for path in segments(directory)}
    shipped = ship(directory, database.store, batch=100)
    assert (shipped.damaged, shipped.skipped) == (0, ())
    ids = database.ids()
    assert len(ids) == len(set(ids)) == shipped.records
    # The last record may be written and its acknowledgement not.
    assert ids[: len(acknowledged)] == acknowledged
    assert len(ids) <= len(acknowledged) + 1
    assert segments(directory) == []
    for path, content in kept.items():  # as if the shipper had died before it removed them
        path.write_bytes(content)
    assert ship(directory, database.store).records == len(ids)
    assert database.ids() == ids


def test_a_living_writers_open_segment_is_not_taken(tmp_path: Path, database: Database) -> None:
    directory = tmp_path / "journal"
    command = [sys.executable, "-m", "tests.events.appending", str(directory), "04"]
    acknowledged = []
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(20):
            acknowledged += [process.stdout.readline() for _ in range(30)]
            ship(directory, database.store)
        process.kill()
        acknowledged += process.stdout.readlines()
    ship(directory, database.store)
    wanted = [line.decode().strip() for line in acknowledged if line.endswith(b"\n")]
    assert database.ids()[: len(wanted)] == wanted
    assert segments(directory) == []


jumps = st.lists(st.integers(-10_000_000, 10_000_000), min_size=1, max_size=30)


@settings(max_examples=60)
@given(jumps=jumps)
def test_a_clock_that_jumps_neither_loses_nor_doubles(
    tmp_path_factory: pytest.TempPathFactory, jumps: list[int]
) -> None:
    """Its leaps go backwards too, onto times that segments are named by already."""
    directory, store = tmp_path_factory.mktemp("journal"), MemoryStore()
    clock, suffixes = iter([AT, *(AT + jump for jump in jumps)]), count()
    journal = Journal(
        directory,
        clock=lambda: next(clock, AT),
        new_suffix=lambda: f"{next(suffixes):04x}",
        max_segment_bytes=1,
    )
    given = [hit(number, at=AT + jump) for number, jump in enumerate(jumps)]
    for number, record in enumerate(given):
        assert journal.append(record)
        if number % 3 == 0:
            ship(directory, store)
    journal.close()
    ship(directory, store)
    assert sum(store.batches) == len(given)
    assert sorted(record.id for record in store.records) == [record.id for record in given]
    assert segments(directory) == []


def test_a_record_that_trips_over_a_fault_of_ours_stays_and_holds_up_nothing(tmp_path: Path) -> None:
    class Tripping(MemoryStore):
        def add(self, records: Sequence[Record]) -> None:
            if hit(1) in records:
                raise KeyError(records)
            super().add(records)

    store = Tripping()
    stuck = leave(tmp_path, encode_line(hit(1)), at=1)
    leave(tmp_path, encode_line(hit(2)), at=2)
    shipped = ship(tmp_path, store)
    assert (shipped.segments, store.records, segments(tmp_path)) == (1, [hit(2)], [stuck])
    assert re.fullmatch(rf"{re.escape(str(stuck))}: KeyError in test_shipping\.py:\d+", shipped.skipped[0])
