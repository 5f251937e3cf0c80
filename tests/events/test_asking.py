import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.asking import Unclear, as_typed, moment, place

NOW = 1_790_000_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", NOW - 30_000),
        (" 2h ", NOW - 7_200_000),
        ("7d", NOW - 7 * 86_400_000),
        ("2026-11-21", 1_795_219_200_000),
        ("2026-11-21T18:30", 1_795_285_800_000),
        ("2026-11-21T18:30+02:00", 1_795_278_600_000),
        ("2026-11-21T18:30:00.123Z", 1_795_285_800_123),
        ("0001-01-01T00:00+14:00", -62_135_647_200_000),
    ],
)
def test_times_that_people_write(text: str, expected: int) -> None:
    assert moment(text, NOW) == expected


@given(st.text(max_size=20).filter(lambda text: not any(each.isdigit() for each in text)))
def test_other_text_is_no_time(text: str) -> None:
    with pytest.raises(Unclear, match="is no time; write"):
        moment(text, NOW)


@pytest.mark.parametrize("text", ["2026-13-01", "²h", "1y", "1:x", "", "9" * 400])
def test_neither_is_what_only_looks_so(text: str) -> None:
    with pytest.raises(Unclear):
        moment(text, NOW)
    with pytest.raises(Unclear, match="is no event"):
        place(text)


def test_a_place_is_read_as_it_is_typed() -> None:
    assert place(f" {as_typed((NOW, 'f' * 32))}") == (NOW, "f" * 32)
