"""Short names of projects and routes."""

import re
from typing import Final

from accounts.errors import InvalidName

# A project's name becomes part of a host label, `p{sid}` [RFC 5890 section 2.3.1: letters, digits, hyphens,
# no two hyphens in third and fourth place, hence none in a row]; a route's stands in a header.
_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MAX_NAME: Final = 32


def short_name(text: str) -> str:
    """Return the stored form of a name as a person typed it: lower case. Raises `InvalidName`."""
    name = text.lower()
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        shown = repr(text if len(text) <= MAX_NAME else f"{text[:MAX_NAME]}…")
        raise InvalidName(
            f"{shown} is no short name; use up to {MAX_NAME} letters a-z, digits and single hyphens between"
        )
    return name
