"""Clicks and opens as numbers. Pure. docs/events.md says what counts as unique."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Dimension(StrEnum):
    """What numbers can be given by."""

    MESSAGE = "message"  # its id
    LINK = "link"  # its name, or its URL where it has none; clicks alone
    TAG = "tag"  # each of a message; "" of those without
    SENDER = "sender"  # the sending domain
    DOMAIN = "domain"  # the tracking domain
    DAY = "day"  # 2026-11-21, UTC
    AGENT = "agent"  # the family of the program


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Of clicks, or of opens. A reader is a recipient, or an address where recipients share a copy."""

    readers: int = 0  # whose verdict is human for at least one
    human: int = 0
    all_readers: int = 0  # machines and suspects too
    all: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            readers=self.readers + other.readers,
            human=self.human + other.human,
            all_readers=self.all_readers + other.all_readers,
            all=self.all + other.all,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """`value` is of the dimension that was asked for; "" where none was, or where it is not known."""

    value: str
    opens: Counts = field(default_factory=Counts)
    clicks: Counts = field(default_factory=Counts)


def merged(some: Iterable[Statistics], values: Callable[[str], Iterable[str]]) -> list[Statistics]:
    """Add up those that share one of the `values` that a value stands for."""
    found: defaultdict[str, list[Statistics]] = defaultdict(list)
    for each in some:
        for value in values(each.value):
            found[value].append(each)
    return [
        Statistics(
            value=value,
            opens=sum((each.opens for each in alike), Counts()),
            clicks=sum((each.clicks for each in alike), Counts()),
        )
        for value, alike in found.items()
    ]


def ranked(some: Iterable[Statistics]) -> list[Statistics]:
    """Return those with most readers first."""

    def key(each: Statistics) -> tuple[int, int, int, str]:
        return -each.clicks.readers, -each.opens.readers, -each.clicks.all - each.opens.all, each.value

    return sorted(some, key=key)
