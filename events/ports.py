"""What the events need from outside. Adapters in `storage`, fakes in tests."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from events.counting import Dimension, Statistics
from events.message_view import MessageView
from events.model import Record
from events.report import Tally


class StoreUnavailable(Exception):
    """The database cannot be reached, or is locked; nothing of the batch was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of `events list`: a record joined with what its message says."""

    id: str
    kind: str  # relayed | refused | unknown | click | open
    at: int
    message: str
    message_id: str  # the Message-ID header
    sender: str
    sending_domain: str
    recipient: str  # the address; "" where the message record has not arrived or is gone
    shared_copy: bool  # several recipients share one body, so the person is not known
    link: int
    link_name: str
    link_tags: tuple[str, ...]
    tags: tuple[str, ...]  # of the message, as its control headers gave them
    metadata: Mapping[str, str]
    url: str
    host: str
    address: str
    user_agent: str
    method: str
    purpose: str
    verdict: str  # human | suspect | machine; "" of an outcome
    reasons: tuple[str, ...]
    rules: int  # the version that judged; 0 is not yet
    reply: str


Place = tuple[int, str]
"""Time and id of an event: where it stands among all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events; None means all. `after` and `before` are milliseconds."""

    kind: str | None = None
    message: str | None = None  # our id, or the Message-ID header with or without its angle brackets
    sending_domain: str | None = None
    project: int | None = None
    recipient: str | None = None  # the address; known of hits unless recipients share a copy
    tag: str | None = None  # of the message
    verdict: str | None = None  # of a hit, as are link and host
    link: str | None = None  # its name or its URL
    host: str | None = None  # that was asked
    after: int | None = None
    before: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejudged:
    """How far judging again has come."""

    reached: int  # milliseconds; all hits before it have the verdict of the present rules
    hits: int  # that were looked at
    changed: int


class JudgingStore(Protocol):
    """Judges hits by those around them, and keeps what changes. Every method raises `StoreUnavailable`."""

    def judge_oldest(self, now: int) -> bool:
        """Judge the oldest minute of which something new is known, and return whether there was one.

        Not before it is over, and its surroundings too; `now` is in milliseconds.
        """

    def rejudge(self, since: int, until: int) -> Iterator[Rejudged]:
        """Judge all hits of a time again, by the present rules, in batches; repeating it changes nothing."""

    def span(self) -> tuple[int, int] | None:
        """Return the time of the first hit, and the one just after the last; None without any."""


class SummingStore(Protocol):
    """Keeps numbers of whole days beforehand. Every method raises `StoreUnavailable`."""

    def sum_newest(self, now: int, gone: Callable[[int], int]) -> bool:
        """Sum the newest day that has ended and needs it, and return whether there was one.

        Not before all of it is judged; `now` is in milliseconds. Twice at once does no harm. `gone` tells
        before when a project's hits are deleted: sums of such days outlive them, and stay as they are.
        """


class HitPartitions(Protocol):
    """Hits by month, where the database keeps them so. Every method raises `StoreUnavailable`.

    Repeating a call changes nothing, on any number of machines at once. Both return the names of the
    partitions; where the database has none they do nothing.
    """

    def make_ahead(self, now: int) -> Sequence[str]:
        """Make those of this month and the next ones, and of what lies among the rest for want of one."""

    def drop_before(self, before: int) -> Sequence[str]:
        """Drop, with all their hits, those that end by a time in milliseconds."""


class Work(StrEnum):
    """Background work that one process does for all machines on a database."""

    JUDGING = "judging"
    SUMMING = "summing"
    RETENTION = "retention"


class WorkLeases(Protocol):
    """Who does which work. Every method raises `StoreUnavailable`.

    A lease keeps others from beginning; it ends nothing that is under way. Work that outlasts its lease may
    be done twice, and must bear that.
    """

    def take(self, work: Work, owner: str, *, seconds: float) -> bool:
        """Begin a lease of so many seconds, or renew one's own; False where somebody else holds it."""

    def release(self, work: Work, owner: str) -> None:
        """End one's own lease at once; that of somebody else stays."""


class EventStore(Protocol):
    """Keeps records. Every method raises `StoreUnavailable`."""

    def add(self, records: Sequence[Record]) -> None:
        """Add them in one transaction; a record whose id is there already changes nothing."""

    def events(self, wanted: EventFilter, beyond: Place | None = None) -> list[Event]:
        """Return the newest first, from the one before `beyond` back."""

    def events_beyond(self, wanted: EventFilter, beyond: Place | None) -> list[Event]:
        """Return the oldest first, from the one after `beyond` on; ask again with the place of the last."""

    def message(self, project: int, message: str) -> MessageView | None:
        """Return what is known of one message of a project, by its id."""

    def statistics(self, by: Dimension | None, wanted: EventFilter) -> list[Statistics]:
        """Count clicks and opens by a dimension, those with most readers first, days in their order."""

    def tallies(self, after: int, project: int | None = None) -> list[Tally]:
        """Count the messages that came since `after` (milliseconds), of all projects where none is given."""

    def copies(self, wanted: EventFilter) -> int:
        """Count to how many recipients the upstream took messages.

        Of the filter it looks at project, sending domain, tag and the time that a message came.
        """

    def links_sealed_by(self, key: int) -> tuple[int, int]:
        """Return how many messages, and how many links in them, the key sealed."""
