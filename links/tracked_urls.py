"""Tracked URLs: `/c/{token}` for a click, `/o/{token}` for an open, on any tracking domain.

`/c/{path}/{token}` is a click too. Its path is the sender's, stable, and means nothing here: phones match
it against the app that shall open the link.
"""

import re

from links.errors import InvalidToken, UrlTooLong
from links.key_ring import Key, KeyRing
from links.tokens import ClickToken, Kind, OpenToken, open_token, seal

MAX_TRACKED_URL = 2000  # characters; Outlook and older Microsoft programs cut at 2,083

_PATH = re.compile(r"/([co])/([A-Za-z0-9_-]++)")  # nearly all
_APP_PATH = re.compile(r"/(c)/[^?#]*/([A-Za-z0-9_-]+)")
_KINDS = {"c": Kind.CLICK, "o": Kind.OPEN}
_URL_WITH_PATH = re.compile(r"https?://[^/?#\\]+(/[co]/[^?#]+)", re.IGNORECASE | re.ASCII)


def click_url(base: str, token: ClickToken, key: Key, path: str = "") -> str:
    """Return the tracked URL of a link; `base` is like `https://track.example.com`.

    `path` is of segments of unreserved characters without slashes at its ends; "" for none.

    Raises `UrlTooLong` and what `seal` raises.
    """
    text = seal(token, key)
    url = f"{base}/c/{path}/{text}" if path else f"{base}/c/{text}"
    if len(url) > MAX_TRACKED_URL:
        raise UrlTooLong(f"the tracked URL would have {len(url)} characters, more than {MAX_TRACKED_URL}")
    return url


def open_url(base: str, token: OpenToken, key: Key) -> str:
    """Return the URL of an open pixel. Raises what `seal` raises."""
    return f"{base}/o/{seal(token, key)}"


def parse_path(path: str) -> tuple[Kind, str] | None:
    """Return what the path asks for and the token's text, not opened yet; None for any other path."""
    match = _PATH.fullmatch(path) or _APP_PATH.fullmatch(path)
    if match is None:
        return None
    return _KINDS[match[1]], match[2]


def is_tracked(url: str, ring: KeyRing) -> bool:
    """Tell whether the URL, on any host, is one of ours: its token opens, and is of the path's kind."""
    if "/c/" not in url and "/o/" not in url:  # nearly all, at a quarter of the time
        return False
    match = _URL_WITH_PATH.match(url)
    parsed = parse_path(match[1]) if match else None
    if parsed is None:
        return False
    kind, text = parsed
    try:
        return open_token(text, ring).kind is kind
    except InvalidToken:
        return False
