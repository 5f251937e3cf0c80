import codecs

import pytest

from rewriter.charsets import codec_for, looks_wide

KNOWN = [
    *("us-ascii", "utf-8", "iso-8859-1", "iso-8859-2", "iso-8859-15", "windows-1250", "windows-1252"),
    *("windows-1256", "windows-874", "koi8-r", "koi8-u", "macintosh", "ibm866", "cp850"),
    *("shift_jis", "euc-jp", "gb2312", "gbk", "gb18030", "big5", "euc-kr", "ks_c_5601-1987"),
]
MARKUP = b"<>\"'=&/ \t\r\n!-"


@pytest.mark.parametrize("charset", [*KNOWN, "iso-2022-jp", "iso-2022-kr", "UTF8", " Latin1 ", ""])
def test_knows_the_charsets_of_mail(charset: str) -> None:
    codecs.lookup(codec_for(charset) or "none")


@pytest.mark.parametrize(
    "charset",
    [
        *("utf-7", "utf-16", "utf-16le", "utf-32", "hz-gb-2312", "iso-2022-cn", "johab", "cp037", "unicode"),
        *("x-nobody-knows", "_iso-2022-jp$ESC", "utf-8 format=flowed", "base64", "rot13"),
    ],
)
def test_leaves_alone_what_may_hide_markup_in_characters_and_what_nobody_knows(charset: str) -> None:
    assert codec_for(charset) is None


@pytest.mark.parametrize("charset", KNOWN)
def test_no_byte_of_markup_is_part_of_another_character(charset: str) -> None:
    """What makes the latin-1 view of the markup exact."""
    codec = codec_for(charset) or ""
    ascii_bytes = bytes(byte for byte in range(0x20, 0x7F) if charset != "shift_jis" or byte not in b"\\~")
    assert ascii_bytes.decode(codec) == ascii_bytes.decode("ascii")
    for lead in range(0x80, 0x100):
        for byte in MARKUP:
            assert _is_no_character(bytes([lead, byte]), codec)


def _is_no_character(pair: bytes, codec: str) -> bool:
    try:
        return pair.decode(codec).endswith(chr(pair[1]))
    except UnicodeDecodeError:
        return True


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_sees_wide_characters(codec: str) -> None:
    assert looks_wide("<html><body>".encode(codec))


def test_takes_a_nul_for_a_sign_of_them() -> None:
    assert looks_wide(b"a\0b")


@pytest.mark.parametrize("text", [b"", b"<html>", b"\xef\xbb\xbf<html>", b"caf\xe9 \xff"])
def test_takes_nothing_else_for_wide(text: bytes) -> None:
    assert not looks_wide(text)
