"""What the events need from outside. Adapters: storage.event_store, fakes in tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

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
    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events; None means all. `after` and `before` are milliseconds."""

    kind: str | None = None
    message: str | None = None  # our id, or the Message-ID header with or without its angle brackets
    sending_domain: str | None = None
    project: int | None = None
    after: int | None = None
    before: int | None = None
    limit: int = 50


class EventStore(Protocol):
    """Keeps records. Every method raises `StoreUnavailable`."""

    def add(self, records: Sequence[Record]) -> None:
        """Add them in one transaction; a record whose id is there already changes nothing."""

    def events(self, wanted: EventFilter) -> list[Event]:
        """Return the newest first."""

    def tallies(self, after: int, project: int | None = None) -> list[Tally]:
        """Count the messages that came since `after` (milliseconds), of all projects where none is given."""

    def links_sealed_by(self, key: int) -> tuple[int, int]:
        """Return how many messages, and how many links in them, the key sealed."""
