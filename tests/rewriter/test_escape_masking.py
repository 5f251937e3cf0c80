import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewriter.escape_masking import mask_escapes

MARKUP = frozenset(b"<>\"'&=/ ")


@pytest.mark.parametrize("text", ["あぜ", "<あ>", "漢字 かな", "abc", "ア < イ"])
def test_masks_characters_and_keeps_markup(text: str) -> None:
    source = f'<p title="{text}"><a href="https://e/">'.encode("iso-2022-jp")
    masked = mask_escapes(source, "iso-2022-jp")
    assert masked is not None
    assert len(masked) == len(source)
    assert masked.startswith(b'<p title="')
    assert masked.endswith(b'"><a href="https://e/">')
    assert masked.count(b"<") == source.decode("iso-2022-jp").count("<")


def test_masks_shifted_characters() -> None:
    source = '<p title="한국어">'.encode("iso-2022-kr")
    masked = mask_escapes(source, "iso-2022-kr")
    assert masked is not None
    assert masked.strip(b"\xff").startswith(b'<p title="\xff')
    assert b"\x0e" not in masked


def test_masks_half_width_katakana() -> None:
    assert mask_escapes(b"\x1b(I<>\x1b(B<p>", "iso-2022-jp") == b"\xff" * 8 + b"<p>"


@pytest.mark.parametrize(
    "source",
    [
        b'\x1b$B$"',
        b'\x1b$B$"\r\n<p>\x1b(B',
        b"\x1b$B\x1b",
        b"\x1b%G",
        b"\x0e!!\r\n",
        b"\x0e!!",
    ],
)
def test_gives_up_where_a_run_has_no_proper_end(source: bytes) -> None:
    assert mask_escapes(source, "iso-2022-jp") is None


@pytest.mark.parametrize("codec", ["utf-8", "cp932", "ascii"])
def test_leaves_other_charsets_alone(codec: str) -> None:
    assert mask_escapes(b'\x1b$B$"\x0e', codec) == b'\x1b$B$"\x0e'


@given(st.binary() | st.text("あ<\"'ア\u00a5~ a\n").map(lambda text: text.encode("iso-2022-jp", "ignore")))
def test_keeps_the_length(source: bytes) -> None:
    masked = mask_escapes(source, "iso-2022-jp")
    assert masked is None or len(masked) == len(source)


@given(st.text("あ<\"'ぜ a"))
def test_never_hides_or_invents_markup(text: str) -> None:
    source = text.encode("iso-2022-jp")
    masked = mask_escapes(source, "iso-2022-jp")
    assert masked is not None
    assert [c for c in masked if c in MARKUP] == [ord(c) for c in text if c < "\x7f" and ord(c) in MARKUP]
