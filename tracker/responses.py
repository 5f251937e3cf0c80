"""The few answers there are. None repeats anything of the request but the destination of an opened token."""

from http import HTTPStatus
from typing import NamedTuple

Headers = tuple[tuple[bytes, bytes], ...]

# No cookies, no CORS, no HSTS (old mails hold http links, and that policy is the customer's).
_ALWAYS: Headers = (
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-robots-tag", b"noindex, nofollow"),
    (b"x-content-type-options", b"nosniff"),
)
_PAGE_POLICY = (
    b"content-security-policy",
    b"default-src 'none'; style-src 'unsafe-inline'; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
)
_LAST = b"connection: close\r\n\r\n"


class Response(NamedTuple):
    """An answer with its `Content-Length`. `start` and `lines` end in CRLF."""

    start: bytes
    lines: bytes  # headers
    body: bytes = b""

    def __repr__(self) -> str:
        return f"Response({self.start!r})"  # never a destination

    def message(self, date: bytes = b"", *, closes: bool = True, head: bool = False) -> bytes:
        """Return its octets; `date` is a header line, `head` for an answer to HEAD."""
        end = _LAST if closes else b"\r\n"
        return b"".join((self.start, date, self.lines, end, b"" if head else self.body))


def _start(status: HTTPStatus) -> bytes:
    return b"HTTP/1.1 %d %s\r\n" % (status, status.phrase.encode("ascii"))


def _lines(headers: Headers) -> bytes:
    return b"".join([b"%s: %s\r\n" % header for header in headers])


def _with_body(status: HTTPStatus, content_type: bytes, body: bytes, *more: tuple[bytes, bytes]) -> Response:
    length = (b"content-length", str(len(body)).encode("ascii"))
    return Response(_start(status), _lines((*_ALWAYS, (b"content-type", content_type), length, *more)), body)


def page(status: HTTPStatus, title: str, content: str) -> Response:
    """Return an HTML page. `title` and `content` are HTML: whoever fills them in escapes."""
    document = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n"
        "<style>body{max-width:36rem;margin:3rem auto;padding:0 1rem;font:1rem/1.5 sans-serif}</style>\n"
        f"</head>\n<body>\n<h1>{title}</h1>\n{content}\n</body>\n</html>\n"
    )
    return _with_body(status, b"text/html; charset=utf-8", document.encode("utf-8"), _PAGE_POLICY)


def redirect(url: str) -> Response:
    """Return the 302 to `url`, printable ASCII. Never 301 or 308: browsers would skip us the next time."""
    # A URL in an href may hold spaces, a Location may not (RFC 9110 section 10.2.2).
    location = url.encode("ascii").replace(b" ", b"%20")
    return Response(_FOUND, b"%s%s\r\ncontent-length: 0\r\n" % (_REDIRECT, location))


_FOUND = _start(HTTPStatus.FOUND)
_REDIRECT = _lines(_ALWAYS) + b"location: "


def plain(status: HTTPStatus, text: str, *more: tuple[bytes, bytes]) -> Response:
    """Return a line of plain text."""
    return _with_body(status, b"text/plain; charset=utf-8", text.encode("utf-8") + b"\n", *more)


def json_text(text: str) -> Response:
    """Return JSON as it is."""
    return _with_body(HTTPStatus.OK, b"application/json", text.encode("utf-8"))


def octets(body: bytes) -> Response:
    """Return these octets as they are."""
    return _with_body(HTTPStatus.OK, b"application/octet-stream", body)


PIXEL = _with_body(
    HTTPStatus.OK,
    b"image/gif",
    # GIF89a, one transparent pixel: header, a palette of two, transparency, the image, the end. 43 bytes.
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff"
    b"!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;",
)
NOT_FOUND = page(
    HTTPStatus.NOT_FOUND,
    "This link does not work",
    "<p>It may have been cut or changed on its way. Try the link in the original message again, "
    "or go to the sender's site directly.</p>",
)
ROBOTS = plain(HTTPStatus.OK, "User-agent: *\nDisallow: /")
HEALTHY = plain(HTTPStatus.OK, "ok")
BAD_REQUEST = plain(HTTPStatus.BAD_REQUEST, "Bad request.")
NOT_HTTPS = plain(HTTPStatus.BAD_REQUEST, "This port speaks HTTPS.")
MISDIRECTED = plain(HTTPStatus.MISDIRECTED_REQUEST, "This host was not asked for in TLS.")
HEAD_TOO_LARGE = plain(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "Request header too large.")
NOT_ALLOWED = plain(HTTPStatus.METHOD_NOT_ALLOWED, "Only GET and HEAD.", (b"allow", b"GET, HEAD"))
