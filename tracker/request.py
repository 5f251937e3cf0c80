"""A request as the tracker sees it; what HTTP forbids is refused here.

httptools' parser accepts a missing Host, two of them, and headers of any size.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tracker.client_address import Network, client_address
from tracker.responses import BAD_REQUEST, HEAD_TOO_LARGE, MISDIRECTED, Response

MAX_HEAD_BYTES = 16 * 1024
MAX_HEADERS = 100
TLS = "waypost.tls"  # an extension: `server_name` is the host that the client asked for in its handshake
MAX_USER_AGENT = 512  # characters; browsers stay below 300
MAX_PURPOSE = 64

# Sec-Purpose [Fetch standard]; Purpose of older Chrome, X-Purpose of Safari, X-Moz of older Firefox.
_PURPOSES = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What an answer and a `Hit` need."""

    method: str
    path: str = field(repr=False)  # as it came, not decoded; it holds a token
    host: str  # lower case, without port and final dot; "" from an HTTP/1.0 client that sent none
    address: str
    user_agent: str
    purpose: str  # of a client that fetches ahead of its user; mostly ""
    objects: bool  # its reader wants not to be tracked
    is_last: bool  # of its connection, since what follows its head is not read


def read_request(scope: Scope, trusted: Sequence[Network]) -> Request:
    """Return the request. Raises `Refused`."""
    headers = _headers(scope)
    client = scope.get("client")
    user_agents = headers.get(b"user-agent")
    return Request(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        host=_agreed(_host(headers.get(b"host", []), scope["http_version"]), scope),
        address=client_address(client[0] if client else "", headers.get(b"x-forwarded-for", []), trusted),
        user_agent=_harmless(user_agents[0], MAX_USER_AGENT) if user_agents else "",
        purpose=_purpose(headers),
        objects=any(headers.get(name) == [b"1"] for name in _OBJECTIONS),
        is_last=scope["method"] == "CONNECT" or not _FOLLOWED.isdisjoint(headers),
    )


def _headers(scope: Scope) -> dict[bytes, list[bytes]]:
    lines: Sequence[tuple[bytes, bytes]] = scope["headers"]
    size = len(scope["raw_path"]) + len(scope["query_string"])
    headers: dict[bytes, list[bytes]] = {}
    for name, value in lines:
        size += len(name) + len(value)
        headers.setdefault(name, []).append(value)
    if size > MAX_HEAD_BYTES or len(lines) > MAX_HEADERS:
        raise Refused(HEAD_TOO_LARGE)
    return headers


def _host(values: list[bytes], http_version: str) -> str:
    """RFC 9112 section 3.2: one Host, and a valid one; HTTP/1.0 may do without (health checks of HAProxy)."""
    if not values and http_version == "1.0":
        return ""
    match = _HOST.fullmatch(values[0]) if len(values) == 1 else None
    if match is None:
        raise Refused(BAD_REQUEST)
    return match[1].decode("ascii").lower().removesuffix(".")


def _agreed(host: str, scope: Scope) -> str:
    """RFC 9110 section 7.4: a request for another host than the certificate was chosen for is misdirected.

    A client that named no host in TLS, or none in HTTP/1.0, contradicts nothing.
    """
    extensions = scope.get("extensions")
    if extensions and host and host != extensions[TLS]["server_name"]:
        raise Refused(MISDIRECTED)
    return host


def _purpose(headers: Mapping[bytes, list[bytes]]) -> str:
    found = next((headers[name][0] for name in _PURPOSES if name in headers), b"")
    return _harmless(found, MAX_PURPOSE)


def _harmless(value: bytes, length: int) -> str:
    """Return it cut, and with nothing in it that would steer the terminal it is shown on."""
    text = value.decode("utf-8", "replace")[:length]
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )
