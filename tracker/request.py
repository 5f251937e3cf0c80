"""A request as the tracker sees it; what HTTP forbids is refused here.

httptools' parser accepts a missing Host, two of them, and headers of any size.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from connections.client_address import Network, client_address
from tracker.responses import BAD_REQUEST, HEAD_TOO_LARGE, MISDIRECTED, Response

MAX_HEAD_BYTES = 16 * 1024
MAX_HEADERS = 100
TLS = "waypost.tls"  # an extension: `server_name` is the host that the client asked for in its handshake
MAX_USER_AGENT = 512  # characters; browsers stay below 300
MAX_PURPOSE = 64

# Sec-Purpose [Fetch standard]; Purpose of older Chrome, X-Purpose of Safari, X-Moz of older Firefox.
_PURPOSES = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")
_ANY_PURPOSE = frozenset(_PURPOSES)

# Global Privacy Control [W3C, section 3.2]; its predecessor, which browsers still send [W3C, section 5.2].
_OBJECTIONS = (b"sec-gpc", b"dnt")

Scope = Mapping[str, Any]
"""The head of a request, in the keys of ASGI's HTTP scope."""

# Of a request with a body, or with bytes of another protocol after it: taken for requests, they could be
# smuggled in by whoever fills in the body.
_FOLLOWED = frozenset((b"content-length", b"transfer-encoding", b"upgrade"))

# RFC 9110 section 7.2; also names with an underscore, which exist. A final dot is an absolute DNS name.
_HOST = re.compile(rb"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{0,5})?")


class Refused(Exception):
    """The request is no good; `response` says so."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.start.decode("ascii").strip())
        self.response = response


class Request(NamedTuple):
    """What an answer and a `Hit` need. A tuple: made in a third of the time of a frozen dataclass."""

    method: str
    path: str  # as it came, not decoded; it holds a token
    host: str  # lower case, without port and final dot; "" from an HTTP/1.0 client that sent none
    address: str
    user_agent: str
    purpose: str  # of a client that fetches ahead of its user; mostly ""
    objects: bool  # its reader wants not to be tracked
    is_last: bool  # of its connection, since what follows its head is not read

    def __repr__(self) -> str:
        return f"Request({self.method} to {self.host})"  # never the path


def read_request(scope: Scope, trusted: Sequence[Network]) -> Request:
    """Return the request. Raises `Refused`."""
    lines: Sequence[tuple[bytes, bytes]] = scope["headers"]
    _measure(scope, lines)
    headers = dict(reversed(lines))  # of a header that comes more than once the first
    client = scope.get("client")
    return Request(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        host=_agreed(_host(lines, headers, scope["http_version"]), scope),
        address=client_address(client[0] if client else "", _forwarded(lines, trusted), trusted),
        user_agent=_harmless(headers.get(b"user-agent", b""), MAX_USER_AGENT),
        purpose="" if _ANY_PURPOSE.isdisjoint(headers) else _purpose(headers),
        objects=any(_only(name, lines, headers) == b"1" for name in _OBJECTIONS if name in headers),
        is_last=scope["method"] == "CONNECT" or not _FOLLOWED.isdisjoint(headers),
    )


def _measure(scope: Scope, lines: Sequence[tuple[bytes, bytes]]) -> None:
    size = len(scope["raw_path"]) + len(scope["query_string"]) + sum(map(len, chain.from_iterable(lines)))
    if size > MAX_HEAD_BYTES or len(lines) > MAX_HEADERS:
        raise Refused(HEAD_TOO_LARGE)


def _host(lines: Sequence[tuple[bytes, bytes]], headers: Mapping[bytes, bytes], http_version: str) -> str:
    """RFC 9112 section 3.2: one Host, and a valid one; HTTP/1.0 may do without (health checks of HAProxy)."""
    if http_version == "1.0" and b"host" not in headers:
        return ""
    match = _HOST.fullmatch(_only(b"host", lines, headers) or b"")
    if match is None:
        raise Refused(BAD_REQUEST)
    return match[1].decode("ascii").lower().removesuffix(".")


def _only(name: bytes, lines: Sequence[tuple[bytes, bytes]], headers: Mapping[bytes, bytes]) -> bytes | None:
    """Return the value of a header that comes once, None for any other."""
    if len(headers) < len(lines) and sum(each == name for each, _ in lines) > 1:
        return None
    return headers.get(name)


def _forwarded(lines: Sequence[tuple[bytes, bytes]], trusted: Sequence[Network]) -> list[bytes]:
    return [value for name, value in lines if name == b"x-forwarded-for"] if trusted else []


def _agreed(host: str, scope: Scope) -> str:
    """RFC 9110 section 7.4: a request for another host than the certificate was chosen for is misdirected.

    A client that named no host in TLS, or none in HTTP/1.0, contradicts nothing.
    """
    extensions = scope.get("extensions")
    if extensions and host and host != extensions[TLS]["server_name"]:
        raise Refused(MISDIRECTED)
    return host


def _purpose(headers: Mapping[bytes, bytes]) -> str:
    found = next(headers[name] for name in _PURPOSES if name in headers)
    return _harmless(found, MAX_PURPOSE)


def _harmless(value: bytes, length: int) -> str:
    """Return it cut, and with nothing in it that would steer the terminal it is shown on."""
    text = value.decode("utf-8", "replace")[:length]
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )
