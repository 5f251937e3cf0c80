"""Tracking domains, sending domains and the links between them: frozen values. A project is its id."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from links.recipients import RecipientTracking
from rewriter.policy import NO_OVERRIDES, Mode, Overrides

ALL: Final = 100
"""Per cent."""


class State(StrEnum):
    """Where a tracking domain stands."""

    PENDING = "pending"  # no record seen yet
    VERIFIED = "verified"
    FAILED = "failed"  # the record was not seen in time, or is not there any more
    RETIRED = "retired"  # removed, but verified once: its links live on, its name is kept


class Https(StrEnum):
    """Which links a tracking domain gets."""

    AUTO = "auto"  # https once it was seen to work, and for good: never http because a certificate is late
    REQUIRE = "require"  # https alone: before it was seen to work the domain is not used
    OFF = "off"  # http alone


class Scheme(StrEnum):
    """The scheme of tracked links, and of probes."""

    HTTP = "http"
    HTTPS = "https"


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
    https: Https = Https.AUTO
    https_since: datetime | None = None  # when HTTPS was first seen to arrive here
    pending_since: datetime | None = None  # None where it is not pending
    checked_at: datetime | None = None
    next_check_at: datetime | None = None  # None where it is retired
    verified_at: datetime | None = None  # first time
    doubts: int = 0  # definite bad answers in a row while it is verified
    unanswered: int = 0  # checks in a row that saw nothing definite

    @property
    def https_seen(self) -> bool:
        """Whether HTTPS ever arrived here, by a certificate of ours or of a proxy in front."""
        return self.https_since is not None


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
    recipients: RecipientTracking | None = None  # of its mail; None is what its project says
    rules: Overrides = NO_OVERRIDES  # for its mail
    token: str = ""  # in the TXT record that proves it; "" proves nothing
    verified_at: datetime | None = None  # when that record was seen; it may go afterwards

    @property
    def verified(self) -> bool:
        """Whether it is proven by a record of its own."""
        return self.verified_at is not None
