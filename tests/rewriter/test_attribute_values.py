import pytest
import turbohtml
from hypothesis import given
from hypothesis import strategies as st

from rewriter.attribute_values import new_value, read_value, value_span
from rewriter.escape_masking import mask_escapes


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ('href="U"', "U"),
        ("HREF = 'U x'", "U x"),
        ("href\n=\t\f\n'U'", "U"),
        ("href=U", "U"),
        ("href=U/", "U/"),
        ('href=a"b', 'a"b'),
        ("href='a=b'", "a=b"),
        ('href=""', ""),
        ("href", ""),
        ("href=", ""),
    ],
)
def test_finds_the_value(attribute: str, value: str) -> None:
    view = f"<a {attribute} x>"
    start, end = value_span(view, 3, 3 + len(attribute))
    assert view[start:end] == value


class TestReadValue:
    def read(self, raw: bytes, codec: str) -> str | None:
        source = b'<a href="%b">' % raw
        view = (mask_escapes(source, codec) or b"").decode("latin-1")
        element = turbohtml.parse(view).select_one("a")
        assert element is not None
        return read_value(element.attr("href") or "", source, view, (3, len(source) - 1), codec)

    @pytest.mark.parametrize(
        ("raw", "codec", "value"),
        [
            (b"a&amp;b", "utf-8", "a&b"),
            (b"&amp;lt;", "utf-8", "&lt;"),
            (b"a&copy=1", "utf-8", "a&copy=1"),
            (b"&eacute;", "utf-8", "é"),
            (b"\xc3\xa9", "utf-8", "é"),
            (b"\xe9", "cp1252", "é"),
            (b"\xe9&rsquo;'&quot;", "cp1252", "é’'\""),
            ("あ&eacute;".encode("cp932"), "cp932", "あé"),
            ("あ<".encode("iso-2022-jp"), "iso-2022-jp", "あ<"),
        ],
    )
    def test_decodes_bytes_and_references(self, raw: bytes, codec: str, value: str) -> None:
        assert self.read(raw, codec) == value

    @pytest.mark.parametrize(
        ("raw", "codec"), [(b"caf\xe9", "utf-8"), (b"caf\xe9", "ascii"), (b"\x81", "cp932")]
    )
    def test_gives_up_on_other_bytes(self, raw: bytes, codec: str) -> None:
        assert self.read(raw, codec) is None


class TestNewValue:
    def test_is_the_url_wherever_that_is_safe(self) -> None:
        assert new_value("https://e/c/a_b-c~d", quoted=True) == b"https://e/c/a_b-c~d"
        assert new_value("https://e/c/a_b-c~d", quoted=False) == b"https://e/c/a_b-c~d"

    @pytest.mark.parametrize("url", ["https://e/?a=b", "https://e/`", "https://e/ x", "https://e/", ""])
    def test_gets_quotes_where_an_unquoted_value_needs_them(self, url: str) -> None:
        assert new_value(url, quoted=False) == f'"{url}"'.encode()
        assert new_value(url, quoted=True) == url.encode()

    @pytest.mark.parametrize(
        "url", ["https://e/?a", "https://e/%20", "https://e/a,b;c+d", "https://e/{a}|(b)!"]
    )
    def test_gets_none_where_it_does_not(self, url: str) -> None:
        assert new_value(url, quoted=False) == url.encode()

    @given(st.text(st.characters(max_codepoint=127), min_size=1), st.sampled_from(["'", '"', ""]))
    def test_reads_as_the_url(self, url: str, quote: str) -> None:
        value = new_value(url, quoted=bool(quote)).decode()
        element = turbohtml.parse(f"<a title={quote}{value}{quote}>").select_one("a")
        assert element is not None
        assert element.attr("title") == url.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
