"""What happened to a message, as frozen values. Times are milliseconds since 1970; ids are lower-case hex.

msgspec writes and reads them as JSON. What `Id` and `Number` demand is checked where a record is read, not
where it is made. What stands within a record is a Struct: of a dataclass msgspec passes over unknown fields.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Final

from msgspec import Meta, Struct

from links.recipients import RecipientTracking

LARGEST_NUMBER: Final = 2**63 - 1
"""What a BIGINT column holds: a database would refuse a larger one for ever, and all records behind it."""

Id = Annotated[str, Meta(pattern=r"^[0-9a-f]{1,64}\Z")]  # not $, which lets a newline follow
Number = Annotated[int, Meta(ge=0, le=LARGEST_NUMBER)]


WITHHELD: Final = "withheld"
"""In place of a User-Agent that is not kept. Without one a hit would be suspect."""


class HitKind(StrEnum):
    """The two things a reader's client asks of the tracker."""

    CLICK = "click"
    OPEN = "open"


class Verdict(StrEnum):
    """How a delivery attempt ended. `RELAYED`: the upstream took it; never called delivered."""

    RELAYED = "relayed"
    REFUSED = "refused"
    UNKNOWN = "unknown"  # the upstream's last reply never came: it may have taken the message


class Recipient(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One accepted recipient. `reference` (16 hex digits) is random; None for a shared copy."""

    address: str
    reference: Id | None


class TrackedLink(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One distinct (url, name) of a message; `number` is what a click's token carries."""

    number: Number
    url: str
    name: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRecord:
    """What tokens of a message mean. In the journal before the final dot goes to the upstream.

    Fields with defaults came with version 2 of the journal, the last one with 4; older records lack them.
    """

    id: Id  # 24 hex digits
    at: Number
    project: Number
    sender: str  # envelope; "" is the null sender
    message_id: str  # the Message-ID header, "" where there is none
    sending_domain: str
    tracking_domain: str  # host written into the links; "" where untracked
    key: Number  # id of the key that sealed its links; 0 where none was made
    mode: str  # off | observe | on
    size: Number
    recipients: tuple[Recipient, ...]
    links: tuple[TrackedLink, ...]  # in `observe` those that would have been tracked
    pixel: bool = False  # the same of the open pixel
    untracked: str = ""  # why it went out as it came
    left_alone: Mapping[str, Number] = field(default_factory=dict)  # reasons, and how often each
    tags: tuple[str, ...] = ()  # of its control headers
    metadata: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()  # control headers that were not understood
    recipient_tracking: RecipientTracking = RecipientTracking.IDENTIFIED


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How relaying the message `message` ended. In the journal after the upstream's last reply."""

    id: Id  # 32 hex digits; repeating a record with the same id changes nothing
    message: Id
    at: Number
    verdict: Verdict
    code: Number  # 0 where no reply came
    reply: str  # the upstream's whole reply, code included; what went wrong where none came


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One click or open, in the journal before it is answered."""

    id: Id  # 32 hex digits; repeating a record with the same id changes nothing
    kind: HitKind
    at: Number
    project: Number
    message: Id
    recipient: Id | None  # the reference; None for a shared copy
    link: Number  # the link's number; 0 for an open
    url: str  # the destination; "" for an open
    host: str
    address: str
    user_agent: str
    method: str  # GET | HEAD
    purpose: str = ""  # what a client says that fetches ahead of its user; came with version 3 of the journal


Record = MessageRecord | Outcome | Hit
