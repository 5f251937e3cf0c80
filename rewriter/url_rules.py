"""Which URLs may be tracked, and how each is spelled in ASCII (rules 1, 4, 5, 7 and 8)."""

import re
from collections.abc import Iterable
from typing import NamedTuple

import idna

from rewriter.report import Reason

_C0_AND_SPACE = "".join(map(chr, range(0x21)))
_WITHOUT_TAB_AND_NEWLINE = str.maketrans("", "", "\t\n\r")
_LONGEST_HOST = 253  # RFC 1035 section 2.3.4, as text

_HOST = r"(?P<host>[A-Za-z0-9_][A-Za-z0-9._-]*+|\[[0-9A-Fa-f:.]++\])(?::[0-9]{0,5})?"
# Nearly all: ASCII, and nothing that could begin a placeholder, or begin or end a comment.
# IGNORECASE takes twice the time.
_PLAIN = re.compile(
    rf"[Hh][Tt][Tt][Pp][Ss]?://{_HOST}(?:[/?#](?>(?:[!-$&-)+-;=?-Z\\-z|-~]++|%(?=[0-9A-Fa-f]{2}))*))?"
)
_AUTHORITY = re.compile(_HOST)
_HTTP = re.compile(
    r"(?P<scheme>https?://)(?P<authority>[^/?#\\]*+)(?P<path>[^?#]*+)(?P<query>\?[^#]*+)?(?P<fragment>#.*+)?",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
_LIKE_HTTP = re.compile("[Hh][Tt][Tt][Pp]")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*+):", re.ASCII | re.IGNORECASE)
_UNREADABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")
_NEEDS_ESCAPE = re.compile(r"[^!-~]+")
# Handlebars, Jinja, Mailchimp, SparkPost, ERB, Velocity, ExactTarget, Mailgun (`%recipient.id%`, which
# begins like no escape). Single [] and {} are legal in a URL.
_PLACEHOLDER = re.compile(
    r"\{[{%]|\*\||\[\[|<%|\$\{|%%[^%\s]++%%|%(?![0-9A-Fa-f]{2})[A-Za-z_][\w.-]*+%", re.ASCII
)
# Conditional comments are sought in the source: one that begins or ends in a value would be read otherwise
# once the value is replaced, and rewriting again would find what the first time did not.
_COMMENT = re.compile(r"<!--|--!?>")
# Thunderbird compares hosts wherever the text begins like this; it drops what stands around it.
_VISIBLE = re.compile(r"[^a-z0-9]*+(?:https?://|(?=www\.))([^\s/?#:]++)", re.ASCII | re.IGNORECASE)


class Destination(NamedTuple):
    """An absolute http or https URL in ASCII, and its host: lower case, A-labels, no final dot."""

    url: str
    host: str


class HostList:
    """Hosts by name: `shop.example` is that host alone, `*.shop.example` every host below it."""

    def __init__(self, patterns: Iterable[str]) -> None:
        lowered = [pattern.lower().rstrip(".") for pattern in patterns]
        self._hosts = frozenset(pattern for pattern in lowered if not pattern.startswith("*."))
        self._suffixes = tuple(pattern[1:] for pattern in lowered if pattern.startswith("*."))

    def __contains__(self, host: str) -> bool:
        return host in self._hosts or host.endswith(self._suffixes)

    def __bool__(self) -> bool:
        return bool(self._hosts or self._suffixes)


def read_url(value: str) -> str:
    """Return the URL in an attribute value as a browser reads it (WHATWG URL, section 4.4, steps 1 to 3)."""
    url = value.strip(_C0_AND_SPACE)
    return url if url.isprintable() else url.translate(_WITHOUT_TAB_AND_NEWLINE)


def destination(url: str, *, utf8: bool) -> Destination | Reason:
    """Return where `url` leads, changed no more than ASCII asks for, or why it cannot be told for sure.

    A placeholder is for a later stage to fill in: the URL is not final yet. `utf8` says that the part is
    UTF-8: browsers write a query in the encoding of the page, a path in UTF-8.
    """
    if plain := _PLAIN.fullmatch(url):
        return Destination(url, plain[1].lower().rstrip("."))
    if _PLACEHOLDER.search(url):
        return Reason.PLACEHOLDER
    parts = _HTTP.fullmatch(url) if _LIKE_HTTP.match(url) else None
    if parts is None or len(parts["scheme"]) == len(url):
        return _why_not_http(url)
    if _UNREADABLE.search(url):
        return Reason.UNDECODABLE
    if not utf8 and not (parts["query"] or "").isascii():
        return Reason.NON_ASCII_QUERY
    authority = _ascii_authority(parts["authority"])
    if authority is None or parts["path"].startswith("\\") or _COMMENT.search(url):
        return Reason.UNUSUAL_ADDRESS
    rest = _NEEDS_ESCAPE.sub(_percent_encode, url[parts.end("authority") :])
    return Destination(f"{parts['scheme']}{authority[0]}{rest}", authority["host"].lower().rstrip("."))


def _why_not_http(url: str) -> Reason:
    scheme = _SCHEME.match(url)
    if scheme is None or not url[scheme.end() :].strip("/"):
        return Reason.NOT_ABSOLUTE  # `http://` too, which templates hold for links to come
    if scheme[1].lower() in ("http", "https"):
        return Reason.UNUSUAL_ADDRESS  # `https:e/x`, which browsers complete in two different ways
    return Reason.NOT_HTTP


def _ascii_authority(authority: str) -> re.Match[str] | None:
    """Match host and port; None for user information and for hosts that readers take for different ones."""
    if not authority.isascii():
        host, colon, port = authority.partition(":")
        if len(host) > _LONGEST_HOST:
            return None
        try:
            authority = idna.encode(host, uts46=True).decode("ascii") + colon + port
        except idna.IDNAError:
            return None
    return _AUTHORITY.fullmatch(authority)


def _percent_encode(run: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in run[0].encode())


def shows_foreign_url(text: str, site: str) -> bool:
    """Tell whether visible `text` is a URL outside `site`, a registrable domain.

    A text whose host is not ASCII is taken for foreign: it may be one, and it is rare.
    """
    visible = _VISIBLE.match(text)
    if visible is None:
        return False
    host = visible[1].lower().rstrip(".,;!?)]>'\"")
    return not site or not (host == site or host.endswith("." + site))
