from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.model import Record
from events.record_format import MalformedRecord
from events.segments import claimed, decode_line, encode_line, segment_name, segments
from tests.events.records import hit, records


@given(records)
def test_a_line_is_read_with_and_without_its_end(record: Record) -> None:
    line = encode_line(record)
    assert line.count(b"\n") == 1
    assert decode_line(line) == record
    assert decode_line(line[:-1]) == record


def test_a_line_begins_with_its_checksum() -> None:
    assert encode_line(hit(url="https://example.com/")).startswith(b'569159df {"v":4,"type":"hit",')


@given(records, st.data())
def test_a_flipped_byte_is_noticed(record: Record, data: st.DataObject) -> None:
    line = bytearray(encode_line(record)[:-1])
    line[data.draw(st.integers(0, len(line) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(MalformedRecord):
        decode_line(bytes(line))


@given(records, st.data())
def test_a_torn_line_is_noticed(record: Record, data: st.DataObject) -> None:
    line = encode_line(record)
    with pytest.raises(MalformedRecord):
        decode_line(line[: data.draw(st.integers(0, len(line) - 2))])


def test_names_sort_by_time() -> None:
    names = [segment_name(at, "zz" if at < 10**9 else "aa") for at in (5, 10**9, 1_790_000_000_000, 10**13)]
    assert sorted(names) == names


def test_segments_are_listed_oldest_first_and_nothing_else(tmp_path: Path) -> None:
    wanted = [tmp_path / segment_name(at, "a") for at in (3, 20, 100)]
    for path in reversed(wanted):
        path.touch()
    (tmp_path / (wanted[0].name + ".damaged")).touch()
    (tmp_path / "notes.txt").touch()
    assert segments(tmp_path) == wanted


def test_a_missing_folder_holds_no_segments(tmp_path: Path) -> None:
    assert segments(tmp_path / "journal") == []


def test_a_folder_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "journal").touch()
    with pytest.raises(OSError, match="Not a directory"):
        segments(tmp_path / "journal")


def test_a_segment_is_claimed_once(tmp_path: Path) -> None:
    path = tmp_path / segment_name(1, "a")
    path.write_bytes(b"x\n")
    with claimed(path) as mine, claimed(path) as other:
        assert mine is not None
        assert mine.read() == b"x\n"
        assert other is None
    with claimed(path) as free:
        assert free is not None


def test_a_segment_that_is_gone_is_not_claimed(tmp_path: Path) -> None:
    with claimed(tmp_path / segment_name(1, "a")) as file:
        assert file is None
