import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewriter.left_alone import LeftAlone
from rewriter.report import Edit, Reason
from rewriter.splice import apply_edits
from rewriter.transfer_encodings import IDENTITY, least_decoded_size, open_body
from tests.rewriter.bodies import edits_on, spliced


@given(st.data(), st.binary(max_size=200), st.sampled_from(sorted(IDENTITY)))
def test_without_encoding_edits_go_where_they_say(data: st.DataObject, text: bytes, encoding: str) -> None:
    edits = data.draw(edits_on(len(text)))
    try:
        decoded, changed, decoded_after = spliced(text, encoding, edits)
    except LeftAlone:
        assert any(b"\n" in edit.replacement for edit in edits)
        return
    assert decoded == text
    assert changed == decoded_after == apply_edits(text, edits)


@pytest.mark.parametrize(
    ("text", "at"), [(b"<a x --outer href=y>", 5), (b"x\n--outer <p>", 9), (b"--outer<p>", 7)]
)
def test_a_line_break_does_not_make_a_delimiter(text: bytes, at: int) -> None:
    body = open_body(text, 0, len(text), "8bit")
    assert body.place([Edit(at, at, b"<img>")]) == [Edit(at, at, b"<img>")]
    with pytest.raises(LeftAlone) as left:
        body.place([Edit(at, at, b"\r\n")])
    assert left.value.reason is Reason.LINE_TOO_LONG


@pytest.mark.parametrize(
    ("encoding", "encoded"),
    [("7bit", b"x" * 300), ("quoted-printable", b"=41" * 100), ("base64", b"QUJD\r\n" * 50)],
)
def test_the_least_size_is_no_more_than_the_real_one(encoding: str, encoded: bytes) -> None:
    least = least_decoded_size(len(encoded), encoding)
    assert 0 < least <= len(open_body(encoded, 0, len(encoded), encoding).decoded)
