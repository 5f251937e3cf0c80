import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from links import InvalidToken
from links.spelling import GROUP, read, spell


@given(st.binary(max_size=600))
def test_reads_what_it_spelt(raw: bytes) -> None:
    assert read(spell(raw)) == raw


@given(st.binary(max_size=600))
def test_no_run_of_letters_and_digits_is_long_and_the_end_is_one(raw: bytes) -> None:
    text = spell(raw)
    assert max(map(len, re.findall(r"[A-Za-z0-9]+", text)), default=0) <= GROUP
    assert text[-1:] not in ("-", "_")
    assert set(text) <= set(string.ascii_letters + string.digits + "-_")


@pytest.mark.parametrize("size", [33, 66, 99])
def test_whole_groups_are_followed_by_no_hyphen(size: int) -> None:
    assert len(spell(bytes(size))) == size // 33 * 45 - 1


def test_final_hyphen_or_underscore_is_guarded() -> None:
    assert spell(b"\x00\x00\x3e") == "AAA-0"
    assert spell(b"\x00\x00\x3f") == "AAA_0"
    assert spell(b"\x00\x00\x3d") == "AAA9"


@given(st.text(max_size=120))
def test_any_other_text_is_refused_or_canonical(text: str) -> None:
    try:
        raw = read(text)
    except InvalidToken:
        return
    assert spell(raw) == text


@pytest.mark.parametrize(
    "text",
    [
        "AAB",  # spare bits that are not zero
        "AAA=",  # padding
        "AAAA0",  # a guard that guards nothing
        "AAA-",  # a guard that is missing
        "AAA-1",  # another guard
        "AA AA",
        "AAAA\n",
        "AA+/",  # the alphabet of plain base64
        "A" * 45,
        "A" * 44 + "_" + "A" * 4,
        "A" * 44 + "-",
        "é" * 4,
        "\ud800" * 4,
    ],
)
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(InvalidToken):
        read(text)
