import pytest

from rewriter import html_positions, pixel
from rewriter.link_table import LinkTable
from rewriter.part_edits import LineLimit
from rewriter.policy import PixelPlace, Policy
from tests.rewriter.fake_links import BASE, FakeLinks

TAG = pixel.pixel_tag(f"{BASE}/o/pixel").decode()
MARK = "|"


def placed(html: str, where: PixelPlace = PixelPlace.AUTO) -> str | None:
    """Return `html` with a bar where the pixel goes."""
    document = html_positions.parse(html)
    spot = pixel.place(html, document, html_positions.comments(document), where, len(html))
    if spot is None:
        return None
    assert spot.line == html.count("\n", 0, spot.offset) + 1
    return html[: spot.offset] + MARK + html[spot.offset :]


def test_looks_as_it_should() -> None:
    expected = (
        f'<img src="{BASE}/o/pixel" width="1" height="1" alt="" border="0" '
        'style="display:block;width:1px;height:1px;border:0;margin:0;padding:0">'
    )
    assert expected == TAG


class TestGoesBeforeTheLastRealEndTag:
    @pytest.mark.parametrize(
        "marked",
        [
            "<body>x|</body></html>",
            "x|</BODY\n>",
            "<body>x|</body ></html><!-- </body> -->",
            "<body>x</BODY></html>|</BODY><!-- </body> -->",
            "<body><!-- </body> -->x|</body>",
            "<body><script>'</body>'</script>x|</body>",
            "<body><p title='</body>'>x|</body>",
            "<body>x|</body><textarea></body>",
            "<body>x|</body></html><!-- no end",
            "<body>x|</body><p title='",
            "<body><style></body></style>x|</body>",
            "<body>x|</body>\n<title></body></title>",
            "<body><svg><title>x|</body>",
            "<table><tr><td>x|</body>",
            "<table>|</body>",
            "<body>x|</html>",
            "<body>x|</html><!-- </body></html> -->",
            "x|</html></bodyx>",
            "\n<html>\n<body>\n|</body>\n</html>\n",
        ],
    )
    def test_in(self, marked: str) -> None:
        assert placed(marked.replace(MARK, "")) == marked


class TestGoesToTheEnd:
    @pytest.mark.parametrize(
        "marked",
        [
            "<p>x|",
            "<p>x|\n \n",
            "<table><tr><td>x|",
            "<!-- </body> -->x|",
            "x &am|",
            "a <|",
            "<noscript>x|",
            "<svg><title>|",
            "<select><option>x|",
        ],
    )
    def test_where_there_is_no_end_tag(self, marked: str) -> None:
        assert placed(marked.replace(MARK, "")) == marked


@pytest.mark.parametrize(
    "html",
    [
        '<p><a href="https://e/</body></html>',
        "<p>x<!-- </body>",
        "<p>x</p",
        "<p>x<p",
        "<textarea>",
        "<title>x",
        "<plaintext>x</body>",
        "<script>x",
        "<style>x",
        "<xmp>x</body>",
        "<template>x",
        "<frameset></frameset>",
        "<?x",
        "<svg><![CDATA[ x",
        "</body><frameset>",
        "<template>x</template><FRAMESET>",
        "<math></body><![CDATA[x]]></math>",
        "<svg><!-- {{waypost:pixel}} --><![CDATA[x]]></svg></body>",
    ],
)
def test_goes_nowhere_in_what_does_not_end_or_would_change(html: str) -> None:
    assert placed(html) is None


class TestGoesToTheTop:
    LARGE = "x" * (pixel.GMAIL_CLIPS_AT - 12)

    def test_of_pages_that_gmail_clips(self) -> None:
        assert placed(f"<body\na>{self.LARGE}</body>") == f"<body\na>|{self.LARGE}</body>"

    def test_not_of_others(self) -> None:
        assert placed(f"<body>{self.LARGE[1:]}</body>") == f"<body>{self.LARGE[1:]}|</body>"

    def test_where_the_policy_says_so(self) -> None:
        assert placed("<body>x</body>", PixelPlace.TOP) == "<body>|x</body>"

    def test_only_where_there_is_a_body_tag(self) -> None:
        assert placed("x</body>", PixelPlace.TOP) == "x|</body>"

    def test_not_where_the_policy_says_bottom(self) -> None:
        large = "x" * pixel.GMAIL_CLIPS_AT
        assert placed(f"<body>{large}</body>", PixelPlace.BOTTOM) == f"<body>{large}|</body>"


class TestMarker:
    @pytest.mark.parametrize("where", PixelPlace)
    @pytest.mark.parametrize("marker", ["<!-- {{waypost:pixel}} -->", "<!--{{ waypost:pixel\n}}-->"])
    def test_says_where(self, marker: str, where: PixelPlace) -> None:
        assert placed(f"<body>x{marker}y</body>", where) == f"<body>x|{marker}y</body>"

    def test_is_the_first_real_one(self) -> None:
        marker = "<!-- {{waypost:pixel}} -->"
        html = f"<body><script>'{marker}'</script>x{marker}{marker}</body>"
        assert placed(html) == f"<body><script>'{marker}'</script>x|{marker}{marker}</body>"

    @pytest.mark.parametrize(
        "html",
        [
            "<body><script><!-- {{waypost:pixel}} --></script>|</body>",
            "<body><p title='<!-- {{waypost:pixel}} -->'>|</body>",
            "<body><template><!-- {{waypost:pixel}} --></template>|</body>",
            "<body><!-- {{waypost:pixels}} -->|</body>",
            "<body>{{waypost:pixel}}|</body>",
        ],
    )
    def test_is_a_comment(self, html: str) -> None:
        assert placed(html.replace(MARK, "")) == html


class TestIsPresent:
    def present(self, html: str) -> bool:
        table = LinkTable(Policy(), FakeLinks(), frozenset())
        return pixel.is_present(html_positions.parse(html), table)

    def test_once_put_in(self) -> None:
        assert self.present(f"<body>{TAG}</body>")
        assert self.present(f"<p><img height=1 SRC='{BASE}/o/x' width=1>")

    def test_not_in_other_images(self) -> None:
        assert not self.present('<img src="https://e/o/x" width="1" height="1">')
        assert not self.present(f'<img src="{BASE}/o/x" width="100" height="1">')
        assert not self.present(f"<!-- {TAG} -->")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (b"", b"", b"T"),
        (b"x", b"</body>", b"\r\nT\r\n"),
        (b"x\n", b"</body>", b"T\r\n"),
        (b"x", b"\r\n</body>", b"\r\nT"),
        (b"x\n", b"\n", b"T"),
    ],
)
def test_has_its_own_line_where_lines_count(before: bytes, after: bytes, expected: bytes) -> None:
    assert pixel.on_own_line(b"T", before + after, len(before), LineLimit(b"\r\n")) == expected


@pytest.mark.parametrize("html", ["", " ", "\n", " \n\n"])
def test_goes_nowhere_in_an_empty_page(html: str) -> None:
    """A message without a body ends with its header: behind it the pixel would be an unended line."""
    assert placed(html) is None
