import binascii
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rewriter.left_alone import LeftAlone
from rewriter.quoted_printable import QuotedPrintableBody
from rewriter.report import Edit, Reason
from rewriter.splice import apply_edits
from tests.rewriter.bodies import edits_on, spliced

URL = b"https://click.shop.ex/c/" + b"0123456789" * 12

_well_made = [
    b"=\r\n",
    b"=\n",
    b"\r\n",
    b"\n",
    b"=3D",
    b"=3d",
    b"=C3=A9",
    b"=20",
    b" ",
    b"\t",
    b".",
    b"-",
    b"a",
]
_odd = [b"=zz", b"=4", b"=", b"y" * 80]
_long = [b"--delimiter", b"word ", b"x" * 30, b"<p>text</p>" * 30]
_pieces = st.sampled_from([*_well_made, *_odd, *_long])
bodies = st.lists(_pieces, max_size=60).map(b"".join)


def replaced(encoded: bytes, old: bytes, new: bytes) -> bytes:
    body = QuotedPrintableBody(encoded, 0, len(encoded))
    start = body.decoded.index(old)
    return apply_edits(encoded, body.place([Edit(start, start + len(old), new)]))


class TestDecoding:
    @given(bodies)
    def test_is_that_of_the_standard_library(self, encoded: bytes) -> None:
        assert QuotedPrintableBody(encoded, 0, len(encoded)).decoded == binascii.a2b_qp(encoded)

    def test_reads_its_own_span_only(self) -> None:
        assert QuotedPrintableBody(b"=41=42=43", 3, 6).decoded == b"B"


class TestReplacing:
    def test_keeps_all_but_the_span(self) -> None:
        encoded = b"a=3db  \r\n=zz <OLD> c=C3=a9=\r\nd\r\n"
        assert replaced(encoded, b"OLD", b"n=w") == encoded.replace(b"OLD", b"n=3Dw")

    def test_takes_soft_line_breaks_inside_the_span_away(self) -> None:
        assert replaced(b'"https://e/lo=\r\nng=3Fa" x', b"https://e/long?a", b"N") == b'"N" x'

    def test_keeps_soft_line_breaks_beside_the_span(self) -> None:
        assert replaced(b"<=\r\nOLD=\r\n>", b"OLD", b"N") == b"<=\r\nN=\r\n>"

    def test_breaks_before_a_tail_that_would_be_too_long(self) -> None:
        encoded = b'<a href=3D"OLD">' + b"t" * 60 + b"\r\n"
        assert replaced(encoded, b"OLD", b"n" * 40) == b'<a href=3D"%b=\r\n">%b\r\n' % (b"n" * 40, b"t" * 60)

    def test_leaves_a_tail_that_fits(self) -> None:
        encoded = b"OLD" + b"t" * 36 + b"\r\n"
        assert replaced(encoded, b"OLD", b"n" * 40) == b"n" * 40 + b"t" * 36 + b"\r\n"

    @pytest.mark.parametrize("eol", [b"\r\n", b"\n"])
    def test_breaks_new_bytes_with_the_parts_own_line_ending(self, eol: bytes) -> None:
        lines = replaced(b"x" + eol + b"OLD" + eol, b"OLD", b"n" * 100).split(eol)
        assert lines == [b"x", b"n" * 75 + b"=", b"n" * 25, b""]

    def test_never_breaks_an_escape(self) -> None:
        for length in range(70, 78):
            lines = replaced(b"OLD", b"OLD", b"n" * length + b"=" * 3).split(b"\r\n")
            assert all(re.fullmatch(rb"(?:[^=]|=[0-9A-F]{2})*=?", line) for line in lines)
            assert max(map(len, lines)) <= 76

    def test_makes_no_line_that_begins_like_a_delimiter(self) -> None:
        assert b"\n-" not in replaced(b"OLD", b"OLD", b"-" * 200)
        assert b"\n--delimiter" not in replaced(b"OLD--delimiter" + b"x" * 40, b"OLD", b"n" * 60)

    def test_keeps_a_line_that_was_longer(self) -> None:
        long = b"x" * 200
        assert replaced(b"a OLD b\r\n" + long + b"\r\n", b"OLD", b"N") == b"a N b\r\n" + long + b"\r\n"

    def test_does_not_complete_an_escape_with_new_bytes(self) -> None:
        for before in (b"=", b"=4"):
            encoded = replaced(before + b"OLD", b"OLD", b"1")
            assert binascii.a2b_qp(encoded) == before + b"1"

    def test_quotes_white_space_that_would_end_a_line(self) -> None:
        assert replaced(b"OLD\r\n", b"OLD", b"N ") == b"N=20\r\n"

    @pytest.mark.parametrize("last", [b"x", b"=C3", b"=c3", b"-", b" "])
    def test_breaks_a_full_line_before_its_last_character(self, last: bytes) -> None:
        line = b"x" * (76 - len(last)) + last
        body = QuotedPrintableBody(line + b"\r\n", 0, len(line) + 2)
        size = len(body.decoded) - 2
        changed = apply_edits(line + b"\r\n", body.place([Edit(size, size, b"new")]))
        first = b"=2D" if last == b"-" else last
        assert changed == line[: -len(last)] + b"=\r\n" + first + b"new\r\n"

    def test_breaks_another_behind_it(self) -> None:
        line = b"x" * 75
        body = QuotedPrintableBody(line, 0, len(line))
        assert apply_edits(line, body.place([Edit(75, 75, b"new")])) == line + b"=\r\nnew"

    def test_several_edits_in_one_line(self) -> None:
        encoded = b"1OLD2OLD3OLD4\r\n"
        body = QuotedPrintableBody(encoded, 0, len(encoded))
        edits = [Edit(start, start + 3, URL) for start in (1, 5, 9)]
        lines = apply_edits(encoded, body.place(edits)).split(b"\r\n")
        assert max(map(len, lines)) <= 76
        assert binascii.a2b_qp(b"\r\n".join(lines)) == b"1%b2%b3%b4\r\n" % (URL, URL, URL)


class TestUnclear:
    @pytest.mark.parametrize("line", [b"OLD ==3D", b"OLD= \r\n", b"OLD =\t", b"=\rOLD\r\n"])
    def test_leaves_alone_what_programs_read_differently(self, line: bytes) -> None:
        with pytest.raises(LeftAlone) as left:
            replaced(b"OLD" + line if b"\rOLD" in line else line, b"OLD", b"N")
        assert left.value.reason is Reason.MALFORMED_ENCODING

    def test_but_not_for_other_lines(self) -> None:
        assert replaced(b"a == b\r\nOLD\r\nc= \r\n", b"OLD", b"N") == b"a == b\r\nN\r\nc= \r\n"


@given(st.data(), bodies)
def test_decoding_the_result_gives_the_spliced_text(data: st.DataObject, encoded: bytes) -> None:
    size = len(QuotedPrintableBody(encoded, 0, len(encoded)).decoded)
    edits = data.draw(edits_on(size))
    try:
        decoded, _, decoded_after = spliced(encoded, "quoted-printable", edits)
    except LeftAlone:
        assume(False)
    assert decoded_after == apply_edits(decoded, edits)


@given(st.data(), st.text(alphabet='wörd <a="?> \r\n', min_size=1, max_size=3000))
def test_lines_of_a_well_made_body_stay_within_76(data: st.DataObject, text: str) -> None:
    encoded = binascii.b2a_qp(text.replace("\r", "").encode(), istext=True)
    size = len(QuotedPrintableBody(encoded, 0, len(encoded)).decoded)
    try:
        _, changed, _ = spliced(encoded, "quoted-printable", data.draw(edits_on(size)))
    except LeftAlone:
        assume(False)
    assert max(map(len, changed.splitlines()), default=0) <= 76
