"""Pages of lists that come whole: a page goes on behind the last name of the one before."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar
from urllib.parse import urlencode

from web.dashboard.visit import Visit

PAGE: Final = 50

Item = TypeVar("Item")


def part_of(
    visit: Visit, items: Sequence[Item], name: Callable[[Item], str], here: str
) -> tuple[list[Item], str]:
    """Return the items behind `behind` of the address, in order of their names, and where the next are."""
    behind = visit.query.get("behind")
    left = sorted((item for item in items if name(item) > behind), key=name)
    shown = left[:PAGE]
    return shown, f"{here}?{urlencode({'behind': name(shown[-1])})}" if len(left) > PAGE else ""
