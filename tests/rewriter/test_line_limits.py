from hypothesis import given
from hypothesis import strategies as st

from rewriter.line_limits import Breakable, fit
from rewriter.part_edits import LineLimit
from rewriter.report import Edit
from tests.rewriter.parts import spliced

LIMIT = LineLimit(b"\r\n", 40)


def attribute(source: bytes, old: bytes, new: bytes) -> Breakable:
    """An edit on `href="old"`, the value alone."""
    start = source.index(b'href="%b"' % old)
    return Breakable(Edit(start + 6, start + 6 + len(old), new), (start, start + 7 + len(old)))


def text(source: bytes, old: bytes, new: bytes) -> Breakable:
    start = source.index(old)
    return Breakable(Edit(start, start + len(old), new))


def fitted(source: bytes, *edits: Breakable) -> tuple[bytes, int]:
    result = fit(source, edits, LIMIT)
    return spliced(source, result.edits), len(result.left_out)


class TestBreaks:
    def test_nothing_in_a_line_that_stays_short(self) -> None:
        source = b'<p>\r\n<a class="x" href="u">\r\n'
        edit = attribute(source, b"u", b"v" * 10)
        assert fitted(source, edit) == (b'<p>\r\n<a class="x" href="vvvvvvvvvv">\r\n', 0)

    def test_before_the_attribute(self) -> None:
        source = b'<a class="xxxxxxxxxx"  href="u">x\r\n'
        edit = attribute(source, b"u", b"v" * 30)
        assert fitted(source, edit) == (b'<a class="xxxxxxxxxx"\r\nhref="%b">x\r\n' % (b"v" * 30), 0)

    def test_after_the_attribute_where_that_is_enough(self) -> None:
        source = b'<a href="u" class="xxxxxxxxxx">x'
        edit = attribute(source, b"u", b"v" * 30)
        assert fitted(source, edit) == (b'<a href="%b"\r\nclass="xxxxxxxxxx">x' % (b"v" * 30), 0)

    def test_on_both_sides_where_it_must(self) -> None:
        source = b'<a class="xxxxxxxxxx" href="u" title="yyyyyyyyy">'
        limit = LineLimit(b"\n", 49)
        result = fit(source, [attribute(source, b"u", b"v" * 40)], limit)
        assert spliced(source, result.edits) == (
            b'<a class="xxxxxxxxxx"\nhref="%b"\ntitle="yyyyyyyyy">' % (b"v" * 40)
        )

    def test_as_seldom_as_possible(self) -> None:
        source = b'<a href="a"> <a href="b"> <a href="c">'
        edits = [attribute(source, old, old * 9) for old in (b"a", b"b", b"c")]
        output, left_out = fitted(source, *edits)
        assert left_out == 0
        assert output == b'<a href="aaaaaaaaa"> <a\r\nhref="bbbbbbbbb"> <a href="ccccccccc">'

    def test_nothing_in_a_line_that_was_too_long(self) -> None:
        source = b'<a class="xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" href="u">'
        output, left_out = fitted(source, attribute(source, b"u", b"vvvv"))
        assert output == source.replace(b'"u"', b'"vvvv"')
        assert left_out == 0


class TestLeavesOut:
    def test_a_value_longer_than_a_line(self) -> None:
        source = b'<a href="u">\r\n<a href="w">'
        edits = [attribute(source, b"u", b"v" * 40), attribute(source, b"w", b"x")]
        assert fitted(source, *edits) == (source.replace(b'"w"', b'"x"'), 1)

    def test_no_more_than_must_be(self) -> None:
        source = b"see https://a https://b"
        edits = [text(source, b"https://a", b"A" * 20), text(source, b"https://b", b"B" * 20)]
        assert fitted(source, *edits) == (b"see %b https://b" % (b"A" * 20), 1)

    def test_never_an_edit_that_shortens(self) -> None:
        source = b"https://a https://b[[off]]"
        edits = [text(source, b"https://a", b"A" * 40), text(source, b"[[off]]", b"")]
        assert fitted(source, *edits) == (b"https://a https://b", 1)


def test_joined_lines_count_as_one() -> None:
    source = b'<a class="xxxxxxxxxxxx" href="u\r\nu">xxxxxxxxxxxxx\r\n'
    edit = attribute(source, b"u\r\nu", b"v" * 15)
    assert fitted(source, edit) == (
        b'<a class="xxxxxxxxxxxx"\r\nhref="%b">xxxxxxxxxxxxx\r\n' % (b"v" * 15),
        0,
    )


TAGS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 45), st.sampled_from([" ", "  ", "\r\n", "\n"])))


@given(TAGS)
def test_no_line_grows_beyond_the_limit(tags: list[tuple[int, int, str]]) -> None:
    source, edits = b"", []
    for before, length, space in tags:
        source += b"<a " + b"c" * before + space.encode()
        start = len(source)
        source += b'href="u"' + space.encode() + b"x>y"
        edits.append(Breakable(Edit(start + 6, start + 7, b"v" * length), (start, start + 8)))
    output, left_out = fitted(source, *edits)
    lines, new_lines = (text.replace(b"\r\n", b"\n").split(b"\n") for text in (source, output))
    if max(map(len, lines)) <= LIMIT.length:
        assert max(map(len, new_lines)) <= LIMIT.length
    assert output.count(b"v") == sum(length for _, length, _ in tags) or left_out


class TestValuesOverSeveralLines:
    def test_are_left_out_where_the_joined_line_is_too_long(self) -> None:
        source = b'<a/href="%b\n%b"/>%b' % (b"u" * 20, b"u" * 8, b"x" * 25)
        edit = Breakable(Edit(9, 38, b"v" * 10), (3, 39))
        assert fitted(source, edit) == (source, 1)

    def test_do_not_take_their_neighbours_with_them(self) -> None:
        long_value = b"u" * 20 + b"\n" + b"u" * 8
        source = b'<a/href="%b"/><a/href="w"/>%b' % (long_value, b"x" * 15)
        edits = [
            Breakable(Edit(9, 38, b"v" * 30), (3, 39)),
            Breakable(Edit(50, 51, b"z" * 2), (44, 52)),
        ]
        assert fitted(source, *edits) == (source.replace(b'"w"', b'"zz"'), 1)

    def test_are_all_left_out_where_there_are_too_many(self) -> None:
        source = b'<a/href="\n"/>' * 200
        edits = [Breakable(Edit(at, at + 1, b"v"), (at - 6, at + 2)) for at in range(9, len(source), 13)]
        assert fitted(source, *edits) == (source, 200)
