"""Messages made to be slow, each of about so many bytes."""

from collections.abc import Callable, Mapping

HTML = b"Content-Type: text/html; charset=utf-8\r\n\r\n"
QP = b"Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
MIXED = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
LINK = b'<a href="https://e.ex/a">x</a>'


def _filled(head: bytes, piece: bytes, size: int, tail: bytes = b"") -> bytes:
    return head + piece * (size // len(piece)) + tail


def _nested_multiparts(size: int) -> bytes:
    levels = (
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
        for level in range(size // 60)
    )
    return b"".join(levels)


# `piece` over and over, behind `head`.
_REPEATED: Mapping[str, tuple[bytes, bytes]] = {
    "nested elements": (HTML, b"<div>"),
    "nested formatting": (HTML, b"<a href=https://e.ex/><b>"),
    "attributes on one tag": (HTML + b"<a href=https://e.ex/ ", b"a%d=b " % 1),
    "distinct attributes": (HTML + b"<a ", b"\xc3\xa9=b "),
    "links": (HTML, LINK),
    "open tags": (HTML, b"<a "),
    "open comments": (HTML, b"<!--[if mso]>"),
    "conditional comments": (HTML, b"<!--[if mso]>" + LINK + b"<![endif]-->"),
    "end tags": (HTML + LINK, b"</body>"),
    "entities": (HTML + b'<a href="https://e.ex/', b"&amp"),
    "open quotes": (HTML, b'<a href="https://e.ex/'),
    "lone equals signs": (QP + LINK, b"="),
    "soft line breaks": (QP + b'<a href=3D"https://e.ex/', b"a=\r\n"),
    "one long line in QP": (QP, b'<a href=3D"https://e.ex/a">x</a>'),
    "delimiters": (MIXED, b"--b\r\n"),
    "empty HTML parts": (MIXED, b"--b\r\nContent-Type: text/html\r\n\r\n<p>\r\n"),
    "half delimiters": (MIXED, b"\r\n--b "),
    "header fields": (b"", b"X: y\r\n"),
    "Content-Type fields": (b"", b"Content-Type: text/html\r\n"),
    "comments in a field": (b"Content-Type: text/html ", b"("),
    "parameters": (b"Content-Type: text/html", b"; a=b"),
    "sections of a parameter": (b"Content-Type: multipart/mixed", b"; boundary*1=b"),
    "folds": (b"Content-Type: text/html", b"\r\n "),
    "List-Unsubscribe": (b"List-Unsubscribe: ", b"<https://e.ex/>,"),
}


def _repeated(head: bytes, piece: bytes) -> Callable[[int], bytes]:
    tail = b"\r\n\r\n" + LINK if b"\r\n\r\n" not in head else b""
    return lambda size: _filled(head, piece, size, b"\r\n" + tail.lstrip(b"\r\n") if not head else tail)


SHAPES: Mapping[str, Callable[[int], bytes]] = {
    **{name: _repeated(head, piece) for name, (head, piece) in _REPEATED.items()},
    "nested multiparts": _nested_multiparts,
}
