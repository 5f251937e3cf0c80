import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from storage.metadata import INDEXED_CHARACTERS, IndexedText, StoredJson, StoredText, UtcDateTime

DIALECT = sqlite.dialect()


def stored(text: str | None) -> str | None:
    return StoredText().process_bind_param(text, DIALECT)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_text_that_a_database_can_hold_stays_as_it_is(text: str) -> None:
    assert stored(text) == text


@given(st.text(st.characters()))
def test_any_text_can_be_held(text: str) -> None:
    kept = stored(text)
    assert kept is not None
    assert b"\0" not in kept.encode("utf-8")


def test_what_cannot_be_held_is_written_out() -> None:
    assert stored("a\0b\udce4ä") == "a\\x00b\\udce4ä"
    assert stored(None) is None


def test_indexed_text_is_cut_and_no_other() -> None:
    long = "ä" * (INDEXED_CHARACTERS + 1)
    assert IndexedText().process_bind_param(long, DIALECT) == long[:-1]
    assert IndexedText().process_bind_param(long[:-1], DIALECT) == long[:-1]
    assert IndexedText().process_bind_param(None, DIALECT) is None
    assert stored(long) == long


def test_the_longest_indexed_text_fits_a_b_tree_of_postgresql() -> None:
    kept = IndexedText().process_bind_param("\U0001f4e7" * 1000, DIALECT)
    assert kept is not None
    assert len(kept.encode("utf-8")) < 2704


@given(st.datetimes(timezones=st.timezones() | st.just(UTC), min_value=datetime(2000, 1, 1)))
def test_a_time_is_kept_as_utc(at: datetime) -> None:
    kept = UtcDateTime().process_bind_param(at, DIALECT)
    assert kept is not None
    read = UtcDateTime().process_result_value(kept.replace(tzinfo=None), DIALECT)  # as SQLite gives it back
    assert read == at.astimezone(UTC)
    assert read.tzinfo is UTC


def test_a_time_read_with_a_zone_becomes_utc() -> None:
    at = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert UtcDateTime().process_result_value(at, DIALECT) == datetime(2026, 3, 1, 10, tzinfo=UTC)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        UtcDateTime().process_bind_param(datetime(2026, 3, 1), DIALECT)
    assert UtcDateTime().process_bind_param(None, DIALECT) is None
    assert UtcDateTime().process_result_value(None, DIALECT) is None


_json = st.recursive(
    st.none() | st.integers() | st.text(st.characters()),
    lambda some: st.lists(some) | st.dictionaries(st.text(st.characters()), some),
)


@given(_json)
def test_json_can_be_told_as_utf8_however_it_came(value: object) -> None:
    kept = StoredJson().process_bind_param(value, DIALECT)
    json.dumps(kept, ensure_ascii=False).encode("utf-8")
    assert StoredJson().process_result_value(kept, DIALECT) == kept


def test_texts_in_json_are_kept_as_text_is() -> None:
    value = {"a\ud800": ("b\0", {"ä": ["\udc80", 1, None]})}
    kept = StoredJson().process_bind_param(value, DIALECT)
    assert kept == {"a\\ud800": ["b\\x00", {"ä": ["\\udc80", 1, None]}]}
