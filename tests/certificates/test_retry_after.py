from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.retry_after import retry_after
from tests.certificates.builders import NOW

SIXTH = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", NOW + timedelta(seconds=120)),
        (" 0 ", NOW),
        ("9" * 50, NOW + timedelta(seconds=10**7)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", SIXTH),
        ("Sun Nov  6 08:49:37 1994", SIXTH),
        ("soon", None),
        ("-1", None),
        ("", None),
        ("१२", None),
    ],
)
def test_seconds_and_dates_are_read(value: str, expected: datetime | None) -> None:
    assert retry_after({"Retry-After": value}, NOW) == expected


def test_without_the_header_there_is_no_time() -> None:
    assert retry_after({}, NOW) is None


@given(st.text())
def test_nothing_makes_it_fail(value: str) -> None:
    found = retry_after({"Retry-After": value}, NOW)
    assert found is None or found.tzinfo is not None
