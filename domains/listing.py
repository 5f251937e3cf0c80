"""Which domains a list holds. Lists are in the order of names, so a page goes on behind the last one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from domains.model import State


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingFilter:
    """Which tracking domains. What is left out means all."""

    project: int | None = None
    state: State | None = None
    retired: bool = True  # False: those that were not removed
    default: bool = False  # True: the defaults of projects alone
    search: str = ""  # a part of the stored name
    behind: str = ""  # names greater than this one
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingFilter:
    """Which sending domains. What is left out means all."""

    project: int | None = None
    search: str = ""
    behind: str = ""
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderCounts:
    """How many sending domains, and how many of them are proven by a record of their own."""

    all: int
    verified: int


StateCounts = Mapping[State, int]
"""How many tracking domains are in each state, 0 where there are none."""

ALL_TRACKING: Final = TrackingFilter()
ALL_SENDING: Final = SendingFilter()
