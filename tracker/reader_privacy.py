"""How much of a reader is written down with what he clicks and opens."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from connections.address_precision import AddressPrecision
from events.model import WITHHELD, Hit


class Signals(StrEnum):
    """What a reader's Sec-GPC: 1 [Global Privacy Control] or DNT: 1 leads to."""

    IGNORE = "ignore"
    ANONYMOUS = "anonymous"  # written down without recipient, address and User-Agent
    SKIP = "skip"  # answered, and not written down


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderPrivacy:
    """What holds for readers. `addresses` tells for a project how much of their address is kept."""

    addresses: Callable[[int], AddressPrecision] = lambda project: AddressPrecision.FULL
    signals: Signals = Signals.IGNORE


ALL_KEPT: Final = ReaderPrivacy()


def anonymous(hit: Hit) -> Hit:
    """Return what may be counted of a reader who objects."""
    return replace(hit, recipient=None, address="", user_agent=WITHHELD)
