import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewriter import html_positions
from tests.rewriter import tokenizer_tests


@pytest.mark.skipif(not tokenizer_tests.FOLDER.is_dir(), reason=f"no tests in {tokenizer_tests.FOLDER}")
def test_html5lib_start_tags_and_the_place_of_each_attribute() -> None:
    cases, attributes = tokenizer_tests.check_positions()
    assert cases > 400
    assert attributes > 300


@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"])
def test_offsets_are_those_of_the_bytes(ending: str) -> None:
    source = '<p>é<!-- x -->_<a_ title="ü"_ href="https://e/"_>'.replace("_", ending).encode()
    view = html_positions.view_of(source)
    links = html_positions.locate(html_positions.links(html_positions.parse(view)))
    assert [source[link.start : link.end] for link in links] == [b'href="https://e/"']
    assert len(view) == len(source)


def test_a_byte_order_mark_is_no_text_before_the_page() -> None:
    page = b"<html><body class=x><p>x"
    view = html_positions.view_of(b"\xef\xbb\xbf" + page)
    assert (view.isascii(), len(view)) == (True, 3 + len(page))
    body = html_positions.parse(view).find("body")
    assert body
    assert body.source_location


def test_the_bytes_of_a_byte_order_mark_are_text_elsewhere() -> None:
    assert html_positions.view_of(b"<p>\xef\xbb\xbf") == "<p>\xef\xbb\xbf"


@pytest.mark.parametrize("ending", [b"\r\n", b"\n"])
def test_lines_count_from_one(ending: bytes) -> None:
    view = html_positions.view_of(ending.join([b"<p>", b"<a", b" href=x>", b"<a href=y>"]))
    links = html_positions.locate(html_positions.links(html_positions.parse(view)))
    assert [link.line for link in links] == [3, 4]
    assert [link.line for link in html_positions.locate([link.element for link in links], 100, 7)] == [9, 10]


def test_offsets_count_from_the_base() -> None:
    [link] = html_positions.locate(html_positions.parse("<a href=x>").select("a"), 100)
    assert (link.start, link.end, link.base) == (103, 109, 100)


def test_copies_of_a_link_left_open_have_no_place() -> None:
    elements = html_positions.parse("<p><a href=x>1<p>2").select("a")
    assert len(elements) == 2
    assert len(html_positions.locate(elements)) == 1


@pytest.mark.parametrize(
    ("html", "count"),
    [
        ("<noscript><a href=x></noscript>", 1),
        ("<svg><a href=x>", 1),
        ("<select><a href=x>", 1),
        ("<template><a href=x></template>", 0),
        ('<p><template shadowrootmode="open"><a href=x></template>', 0),
        ("<script>'<a href=x>'</script>", 0),
        ("<style><a href=x></style>", 0),
        ("<title><a href=x></title>", 0),
        ("<textarea><a href=x></textarea>", 0),
        ("<!-- <a href=x> -->", 0),
        ("<svg><a xlink:href=x>", 0),
        ("<a href=x", 0),
    ],
)
def test_links_are_what_a_reader_can_click(html: str, count: int) -> None:
    assert len(html_positions.links(html_positions.parse(html))) == count


def test_hrefs_are_sorted_and_not_empty() -> None:
    elements = html_positions.parse("<a href=b><a href=a><a href><a href=''>").select("a")
    assert html_positions.hrefs(elements) == ["a", "b"]


def test_comments_are_those_of_the_tree() -> None:
    document = html_positions.parse("<!--a--><p><!--[if x]>b<![endif]--><script><!--c--></script>")
    assert html_positions.comments(document) == ["a", "[if x]>b<![endif]"]


@given(st.binary())
def test_every_byte_keeps_its_place(source: bytes) -> None:
    view = html_positions.view_of(source)
    assert len(view) == len(source)
    assert all(
        chr(byte) == char or (byte, char) == (13, "\t") for byte, char in zip(source, view, strict=True)
    )
