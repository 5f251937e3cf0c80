"""What hits say of each other, counted over those that lie close together in time."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TypeVar

from events.model import Hit, HitKind

Reader = tuple[str, str]

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Of one hit, itself included."""

    links: int = 1  # distinct ones of its message that its reader clicked
    recipients: int = 1  # distinct ones whose links its address clicked


ALONE = Surroundings()


def reader(hit: Hit) -> Reader:
    """Return who it was as far as is known: the recipient, or the address where recipients share a copy.

    A scanner may spread its requests over addresses, but not over recipients.
    """
    return hit.message, hit.recipient or hit.address


class Neighbourhood:
    """Counts of the clicks that are in it."""

    def __init__(self) -> None:
        self._links: defaultdict[Reader, Counter[int]] = defaultdict(Counter)
        self._recipients: defaultdict[str, Counter[Reader]] = defaultdict(Counter)

    def enter(self, hit: Hit) -> None:
        if _counts(hit):
            self._links[reader(hit)][hit.link] += 1
            if hit.recipient and hit.address:
                self._recipients[hit.address][reader(hit)] += 1

    def leave(self, hit: Hit) -> None:
        """Take out one that entered."""
        if _counts(hit):
            _take(self._links, reader(hit), hit.link)
            if hit.recipient and hit.address:
                _take(self._recipients, hit.address, reader(hit))

    def around(self, hit: Hit) -> Surroundings:
        """Return what is here of a hit that is here itself."""
        if not _counts(hit):
            return ALONE
        recipients = len(self._recipients[hit.address]) if hit.recipient and hit.address else 1
        return Surroundings(links=len(self._links[reader(hit)]), recipients=recipients)


def _counts(hit: Hit) -> bool:
    """Tell whether it is a click of somebody: with neither recipient nor address all would be one reader."""
    return hit.kind is HitKind.CLICK and bool(hit.recipient or hit.address)


def _take(counts: dict[_Key, Counter[_Value]], key: _Key, value: _Value) -> None:
    inner = counts[key]
    inner[value] -= 1
    if not inner[value]:
        del inner[value]
    if not inner:
        del counts[key]
