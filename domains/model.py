"""Tracking domains, sending domains and the links between them: frozen values. A project is its id."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from rewriter.policy import NO_OVERRIDES, Mode, Overrides

ALL: Final = 100
"""Per cent."""


class State(StrEnum):
    """Where a tracking domain stands."""

    PENDING = "pending"  # no record seen yet
    VERIFIED = "verified"
    FAILED = "failed"  # a definite answer: record missing after it was there, or wrong target
    RETIRED = "retired"  # removed, but verified once: its links live on, its name is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingDomain:
    """A host in rewritten links. `name` and `target` are A-labels in lower case without a trailing dot."""

    id: int
    project: int
    name: str
    target: str
    state: State
    is_default: bool
    diagnosis: str  # the last check in plain words; "" before the first
    created_at: datetime
    checked_at: datetime | None = None
    verified_at: datetime | None = None  # first time


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingDomain:
    """A domain of From headers, linked to at most one tracking domain."""

    id: int
    project: int
    name: str
    tracking_domain: str | None  # its name
    created_at: datetime
    tracking: Mode | None = None  # of its mail; None is what its project says
    share: int = ALL  # per cent of its mail that is tracked; the rest goes as in `observe`
    rules: Overrides = NO_OVERRIDES  # for its mail
    token: str = ""  # in the TXT record that proves it; "" proves nothing
    verified_at: datetime | None = None  # when that record was seen; it may go afterwards

    @property
    def verified(self) -> bool:
        """Whether it is proven by a record of its own."""
        return self.verified_at is not None
