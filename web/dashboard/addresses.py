"""Addresses of pages."""

from functools import lru_cache
from urllib.parse import quote


def url(*parts: object) -> str:
    """Return an address of the installation: each part is one part of the path."""
    return "/" + "/".join(_quoted(str(part)) for part in parts if part != "")


@lru_cache(maxsize=1024)  # a list has hundreds of them
def _quoted(part: str) -> str:
    return quote(part, safe="")


def own_path(text: str) -> str:
    """Return where to go after signing in, if it is a path of ours; else the first page.

    What starts with two slashes, or with a backslash that browsers read as one, is another host's.
    """
    if not text.startswith("/") or text[1:2] in ("/", "\\") or any(not " " < each < "\x7f" for each in text):
        return "/"
    return text
