"""What happened to a message, as frozen values. Times are milliseconds since 1970; ids are lower-case hex."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class HitKind(StrEnum):
    """The two things a reader's client asks of the tracker."""

    CLICK = "click"
    OPEN = "open"


class Verdict(StrEnum):
    """How a delivery attempt ended. `RELAYED`: the upstream took it; never called delivered."""

    RELAYED = "relayed"
    REFUSED = "refused"
    UNKNOWN = "unknown"  # the upstream's last reply never came: it may have taken the message


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One accepted recipient. `reference` (16 hex digits) is random; None for a shared copy."""

    address: str
    reference: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedLink:
    """One distinct (url, name) of a message; `number` is what a click's token carries."""

    number: int
    url: str
    name: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRecord:
    """What tokens of a message mean. In the journal before the final dot goes to the upstream.

    The fields with defaults came with version 2 of the journal; records of version 1 are read without them.
    """

    id: str  # 24 hex digits
    at: int
    project: int
    sender: str  # envelope; "" is the null sender
    message_id: str  # the Message-ID header, "" where there is none
    sending_domain: str
    tracking_domain: str  # host written into the links; "" where untracked
    key: int  # id of the key that sealed its links; 0 where none was made
    mode: str  # off | observe | on
    size: int
    recipients: tuple[Recipient, ...]
    links: tuple[TrackedLink, ...]  # in `observe` those that would have been tracked
    pixel: bool = False  # the same of the open pixel
    untracked: str = ""  # why it went out as it came
    left_alone: Mapping[str, int] = field(default_factory=dict)  # reasons, and how often each
    tags: tuple[str, ...] = ()  # of its control headers
    metadata: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()  # control headers that were not understood


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How relaying the message `message` ended. In the journal after the upstream's last reply."""

    id: str  # 32 hex digits; repeating a record with the same id changes nothing
    message: str
    at: int
    verdict: Verdict
    code: int  # 0 where no reply came
    reply: str  # the upstream's whole reply, code included; what went wrong where none came


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One click or open, in the journal before it is answered."""

    id: str  # 32 hex digits; repeating a record with the same id changes nothing
    kind: HitKind
    at: int
    project: int
    message: str
    recipient: str | None  # the reference; None for a shared copy
    link: int  # the link's number; 0 for an open
    url: str  # the destination; "" for an open
    host: str
    address: str
    user_agent: str
    method: str  # GET | HEAD
    purpose: str = ""  # what a client says that fetches ahead of its user; came with version 3 of the journal


Record = MessageRecord | Outcome | Hit
