"""What is sent: a batch of events as JSON. Pure. docs/webhooks.md describes it to receivers."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Final

from events.ports import Event
from events.webhooks.model import Noted

MOST_EVENTS: Final = 250
MOST_BYTES: Final = 256 * 1024
"""Of a batch; an event that is larger by itself goes alone."""

_FIELDS: Final = tuple(field.name for field in fields(Event))
_encode: Final[Callable[[object], str]] = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the database knows of noted events: events of messages by id, and the names of projects."""

    events: Mapping[str, Event]
    projects: Mapping[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """`taken` are the noted events that it holds, or that are deleted meanwhile; the others did not fit."""

    octets: bytes = field(repr=False)
    taken: tuple[Noted, ...]
    events: int  # that it holds


def compose(noted: Iterable[Noted], facts: Facts, at: datetime, most_bytes: int | None = MOST_BYTES) -> Body:
    """Return a batch of as many as fit, from the first on; of all of them where `most_bytes` is None."""
    taken: list[Noted] = []
    encoded: list[bytes] = []
    size = 0
    for each in noted:
        form = _form(each, facts)
        octets = _encode(form).encode("ascii") if form is not None else b""
        size += len(octets) + 1
        if encoded and most_bytes is not None and size > most_bytes:
            break
        taken.append(each)
        if octets:
            encoded.append(octets)
    return Body(octets=enclosed(encoded, at), taken=tuple(taken), events=len(encoded))


def enclosed(encoded: Iterable[bytes], at: datetime) -> bytes:
    """Return the batch around events that are JSON already."""
    timestamp = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}".encode("ascii")
    return b'{"type":"events","timestamp":"%s","events":[%s]}' % (timestamp, b",".join(encoded))


def trial(event: str, project: str | None, at: datetime) -> bytes:
    """Return the batch that `waypost webhook test` sends."""
    form = {"id": event, "kind": "test", "at": round(at.timestamp() * 1000), "project": project}
    return enclosed([_encode(form).encode("ascii")], at)


def _form(noted: Noted, facts: Facts) -> dict[str, Any] | None:
    """Return an event as it is told; None where it was deleted after it was noted."""
    project = None if noted.project is None else facts.projects.get(noted.project)
    if noted.payload is not None:
        head = {"id": noted.event, "kind": noted.kind, "at": noted.at, "project": project}
        return head | dict(noted.payload)
    event = facts.events.get(noted.event)
    if event is None:
        return None
    return {name: getattr(event, name) for name in _FIELDS} | {"project": project}
