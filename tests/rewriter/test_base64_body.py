import base64
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewriter.base64_body import Base64Body
from rewriter.left_alone import LeftAlone
from rewriter.report import Edit, Reason
from rewriter.splice import apply_edits
from tests.rewriter.bodies import edits_on, spliced

TEXT = b"All that stands before the first link stays as it was. " * 4 + b"OLD and what follows. " * 4


def encoded(text: bytes, width: int = 76, eol: bytes = b"\r\n", last: bytes = b"\r\n") -> bytes:
    return eol.join(line.encode() for line in textwrap.wrap(base64.b64encode(text).decode(), width)) + last


def replaced(body: bytes, old: bytes, new: bytes) -> bytes:
    opened = Base64Body(body, 0, len(body))
    start = opened.decoded.index(old)
    return apply_edits(body, opened.place([Edit(start, start + len(old), new)]))


@pytest.mark.parametrize("width", [4, 60, 70, 72, 73, 76, 200])
@pytest.mark.parametrize("eol", [b"\r\n", b"\n"])
@pytest.mark.parametrize("last", [b"", b"\r\n", b"\n\n"])
def test_keeps_prefix_width_line_ending_and_the_end(width: int, eol: bytes, last: bytes) -> None:
    before = encoded(TEXT, width, eol, last)
    after = replaced(before, b"OLD", b"a much longer text than before")
    assert after == encoded(TEXT.replace(b"OLD", b"a much longer text than before", 1), width, eol, last)
    assert after.startswith(before[: len(before) // 2])


def test_a_single_short_line_goes_on_in_lines_of_76() -> None:
    lines = replaced(encoded(b"a OLD b", last=b""), b"OLD", b"n" * 200).split(b"\r\n")
    assert list(map(len, lines)) == [76, 76, 76, 44]


def test_a_single_long_line_stays_one_as_far_as_it_went() -> None:
    before = encoded(TEXT, 10_000)
    assert replaced(before, b"OLD", b"N") == encoded(TEXT.replace(b"OLD", b"N", 1), 10_000)


def test_uneven_lines_and_white_space_before_the_edit_stay() -> None:
    whole = base64.b64encode(TEXT)
    before = b" \r\n" + whole[:7] + b" \r\n\r\n\t" + whole[7:50] + b"\n" + whole[50:]
    after = replaced(before, b"OLD", b"N")
    assert after.startswith(before[:150])
    assert base64.b64decode(after) == TEXT.replace(b"OLD", b"N", 1)


@pytest.mark.parametrize(
    "body", [b"QUJD?", b"QUJ", b"QQ==QUJD", b"QUJD\r\n-- \r\nA footer", b"=QUJD", b"Q=UJ", b"QUJD\x00"]
)
def test_leaves_alone_what_is_no_base64(body: bytes) -> None:
    with pytest.raises(LeftAlone) as left:
        Base64Body(body, 0, len(body))
    assert left.value.reason is Reason.MALFORMED_ENCODING


@pytest.mark.parametrize("body", [b"", b"\r\n", b"\r\n \r\n"])
def test_fills_an_empty_body(body: bytes) -> None:
    edits = Base64Body(body, 0, len(body)).place([Edit(0, 0, b"ABC")])
    assert apply_edits(body, edits) == b"QUJD" + body


def test_empties_a_body() -> None:
    assert replaced(b"QUJD\r\n", b"ABC", b"") == b"\r\n"


def test_without_edits_places_none() -> None:
    assert Base64Body(b"QUJD", 0, 4).place([]) == []


@given(
    st.data(),
    st.binary(max_size=400),
    st.integers(1, 90),
    st.sampled_from([b"\r\n", b"\n", b" \r\n", b"\r\n\r\n"]),
    st.sampled_from([b"", b"\r\n", b"\n \n"]),
)
def test_decoding_the_result_gives_the_spliced_bytes(
    data: st.DataObject, text: bytes, width: int, eol: bytes, last: bytes
) -> None:
    edits = data.draw(edits_on(len(text)))
    decoded, changed, decoded_after = spliced(encoded(text, width, eol, last), "base64", edits)
    assert decoded == text
    assert decoded_after == apply_edits(text, edits)
    assert max(map(len, changed.split())) <= max(width, 76) if changed.split() else True
