"""What holds for any bytes: arbitrary ones, and a soup of the pieces that HTML goes wrong with."""

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode

from rewriter.link_table import LinkTable
from rewriter.part_edits import LineLimit
from rewriter.policy import PixelPlace, Policy, VisibleUrl
from tests.rewriter.fake_links import BASE, FakeLinks
from tests.rewriter.parts import edited_html, edited_text

HTML_PIECES = r"""
<a href=https://e/1>|<a href="https://e/2">|<A HREF = 'https://e/3&amp;x' title=">">|</a>
<area href=https://e/4>|<a data-waypost=off href="https://e/5" data-waypost-name=n>|<a href="https://e/é">
<a href="https://e/lo\r\nng"\r\n>|<a href="mailto:a@e">|<a href="{{u}}">|<a href>|<a href="https://e/</body>
<base href="https://e/">|<p>|</p>|<b>|</b>|<i x>|</i>|<nobr>|<table>|<caption>|<col>|<tr>|<td>|</table>
<svg>|<title>|</title>|</svg>|<math>|<mi>|<desc>|<foreignObject>|<select>|<option>|<selectedcontent>
</select>|<div>|</div>|<button>|<form>|<li>|<template>|</template>|<noscript>|</noscript>|<textarea>
</textarea>|<script>|</script>|<style>|</style>|<plaintext>|<xmp>|</xmp>|<iframe>|<frameset>|<html>|<head>
</head>|<body x>|</body>|</BODY >|</html>|<!--|-->|--!>|<!-- {{waypost:pixel}} -->|<!--[if mso]>
<![endif]-->|<v:rect href="https://e/6">|<![if !mso]>|<![endif]>|<img src="https://e/i" width=1 height=1>
<p title="|<p title='|">|'>|<p don't>|<|>|<?|<!|</|<![CDATA[|]]>|&amp;|&copy|text|é|\xff|\r\n|\n|\r|\t|\x00
\x0c
"""
TEXT_PIECES = r"""
https://e/1|https://e/2).|<https://e/3>|<https://e/4|HTTP://e/(5)|[[data-msys-clicktrack="0"]]|[[|> |.|,|(|)
[|]|'|"|*|{{y}}|https://|x|é|\xff|>|\r\n|\n| |  |\x1b$B|\x1b(B|\x00
"""


def pieces(table: str) -> list[bytes]:
    """Return what stands between the bars; `\\r` and the like are escapes as in Python."""
    written = table.strip("\n").replace("\n", "|").encode().decode("latin-1")
    return [
        piece.encode("latin-1").decode("unicode_escape").encode("latin-1") for piece in written.split("|")
    ]


def soup(table: str) -> st.SearchStrategy[bytes]:
    """Make bytes of up to fourteen pieces."""
    return st.lists(st.sampled_from(pieces(table)), max_size=14).map(b"".join)


SOUP = soup(HTML_PIECES)
ANY_HTML = SOUP | st.binary(max_size=60)
ANY_TEXT = soup(TEXT_PIECES) | st.binary(max_size=60)
POLICIES = st.builds(
    Policy,
    clicks=st.booleans(),
    opens=st.booleans(),
    text=st.just(True),
    visible_url=st.sampled_from(VisibleUrl),
    pixel_place=st.sampled_from(PixelPlace),
)
CHARSETS = st.sampled_from(
    ["utf-8", "iso-8859-1", "shift_jis", "iso-2022-jp", "us-ascii", "", "nobody-knows"]
)
LIMITS = st.sampled_from([None, LineLimit(b"\r\n"), LineLimit(b"\n", 60)])
# Of a chosen <option>, in <selectedcontent>.
WITHOUT_COPIES = LexborDocumentOptions.WO_EVENTS.value


class StableLinks(FakeLinks):
    """The same tracked URL for the same URL, as short as they come."""

    def click(self, url: str, number: int, path: str = "") -> str | None:
        return f"{BASE}/c/{sum(url.encode())}"


def table(policy: Policy) -> LinkTable:
    return LinkTable(policy, StableLinks(), frozenset())


@settings(max_examples=600)
@given(ANY_HTML, POLICIES, CHARSETS, LIMITS)
def test_html_twice_is_html_once(html: bytes, policy: Policy, charset: str, lines: LineLimit | None) -> None:
    once = edited_html(html, policy, charset=charset, lines=lines, table=table(policy))
    twice = edited_html(once.output, policy, charset=charset, lines=lines, table=table(policy))
    assert twice.output == once.output


@settings(max_examples=400)
@given(ANY_TEXT, CHARSETS, LIMITS, st.booleans(), st.booleans())
def test_text_twice_is_text_once(
    text: bytes, charset: str, lines: LineLimit | None, flowed: bool, delsp: bool
) -> None:
    policy = Policy(text=True)

    def edit(source: bytes) -> bytes:
        return edited_text(
            source, charset=charset, lines=lines, flowed=flowed, delsp=delsp, table=table(policy)
        ).output

    once = edit(text)
    if b"[[data-msys-" not in text:  # a mark is gone after the first time, and its link like any other
        assert edit(once) == once


@settings(max_examples=600)
@given(SOUP)
def test_only_links_change_in_what_a_parser_sees(html: bytes) -> None:
    edited = edited_html(html, Policy(opens=False), table=table(Policy()))
    for before, after in zip(nodes(html), nodes(edited.output), strict=True):
        assert (before.tag, before.text_content) == (after.tag, after.text_content)
        attributes = dict(before.attributes), dict(after.attributes)
        for found in attributes:
            if before.tag in ("a", "area"):
                found.pop("href", None)
        assert attributes[0] == attributes[1]


@settings(max_examples=400)
@given(SOUP)
def test_every_reported_link_is_in_its_line(html: bytes) -> None:
    lines = html.split(b"\n")
    for link in edited_html(html).part.links:
        assert 1 <= link.line <= len(lines)


@settings(max_examples=600)
@given(SOUP, st.sampled_from(PixelPlace))
def test_the_pixel_is_an_image_and_there_is_one(html: bytes, where: PixelPlace) -> None:
    edited = edited_html(html, Policy(clicks=False, pixel_place=where), table=table(Policy()))
    assert edited.part.pixel is not None
    images = LexborHTMLParser(edited.output, options=WITHOUT_COPIES).css(f'img[src^="{BASE}/o/"]')
    assert len(images) == (edited.part.pixel.reason is None)


def nodes(html: bytes) -> Iterator[LexborNode]:
    """Yield all nodes, text and comments among them, but not what conditional comments hold."""
    root = LexborHTMLParser(html.decode("latin-1").replace("[if", "[")).root
    if root is not None:
        yield from root.traverse(include_text=True)
