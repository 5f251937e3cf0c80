"""Records as JSON: one object each, versioned and strict. docs/events.md lists every field.

Text is ASCII with `\\u` escapes, so that the lone surrogates of an undecodable address survive, and no
character that some tool takes for the end of a line can stand in it. A reader takes exactly the fields that
it knows; a record of a type or version made by a newer Waypost is refused as a whole rather than read in
part.
"""

import json
import re
from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final

from events.model import Hit, HitKind, MessageRecord, Outcome, Recipient, Record, TrackedLink, Verdict

VERSION: Final = 3
READABLE: Final = (1, 2, 3)
LARGEST_NUMBER: Final = 2**63 - 1
"""What a BIGINT column holds: a database would refuse a larger one for ever, and all records behind it."""

Fields = dict[str, Any]
Shape = dict[str, Callable[[Any], Any]]
"""For each field the function that checks and converts its JSON value; each raises `ValueError`."""


class MalformedRecord(ValueError):
    """The text is no record that this version reads."""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise MalformedRecord("a text field holds no text")
    return value


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value <= LARGEST_NUMBER:
        raise MalformedRecord("a number field holds no number from 0 to 2^63 - 1")
    return value


def _id(value: object) -> str:
    text = _text(value)
    if not re.fullmatch(r"[0-9a-f]{1,64}", text):
        raise MalformedRecord("an id is not lower-case hex")
    return text


def _reference(value: object) -> str | None:
    return None if value is None else _id(value)


def _items(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise MalformedRecord("a list field holds no list")
    return value


def _tags(value: object) -> tuple[str, ...]:
    return tuple(_text(tag) for tag in _items(value))


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise MalformedRecord("a switch is neither true nor false")
    return value


def _counts(value: object) -> dict[str, int]:
    return {name: _number(count) for name, count in _object(value).items()}


def _pairs(value: object) -> dict[str, str]:
    return {name: _text(text) for name, text in _object(value).items()}


def _object(value: object) -> Fields:
    if not isinstance(value, dict):
        raise MalformedRecord("an object field holds no object")
    return value


def _recipients(value: object) -> tuple[Recipient, ...]:
    return tuple(Recipient(**_checked(SHAPES[Recipient], item)) for item in _items(value))


def _links(value: object) -> tuple[TrackedLink, ...]:
    return tuple(TrackedLink(**_checked(SHAPES[TrackedLink], item)) for item in _items(value))


SHAPES: Final[dict[type, Shape]] = {
    Recipient: {"address": _text, "reference": _reference},
    TrackedLink: {"number": _number, "url": _text, "name": _text, "tags": _tags},
    MessageRecord: {
        "id": _id,
        "at": _number,
        "project": _number,
        "sender": _text,
        "message_id": _text,
        "sending_domain": _text,
        "tracking_domain": _text,
        "key": _number,
        "mode": _text,
        "size": _number,
        "recipients": _recipients,
        "links": _links,
        "pixel": _switch,
        "untracked": _text,
        "left_alone": _counts,
        "tags": _tags,
        "metadata": _pairs,
        "problems": _tags,
    },
    Outcome: {
        "id": _id,
        "message": _id,
        "at": _number,
        "verdict": Verdict,
        "code": _number,
        "reply": _text,
    },
    Hit: {
        "id": _id,
        "kind": HitKind,
        "at": _number,
        "project": _number,
        "message": _id,
        "recipient": _reference,
        "link": _number,
        "url": _text,
        "host": _text,
        "address": _text,
        "user_agent": _text,
        "method": _text,
        "purpose": _text,
    },
}

TYPES: Final[dict[str, type[Record]]] = {"message": MessageRecord, "outcome": Outcome, "hit": Hit}
_NAMES: Final = {record: name for name, record in TYPES.items()}
_SINCE_2: Final = ("pixel", "untracked", "left_alone", "tags", "metadata", "problems")
_SINCE_3: Final = ("purpose",)


def _before(shapes: dict[type, Shape], record: type, later: tuple[str, ...]) -> dict[type, Shape]:
    return shapes | {record: {name: read for name, read in shapes[record].items() if name not in later}}


_SHAPES_2: Final = _before(SHAPES, Hit, _SINCE_3)
_SHAPES_1: Final = _before(_SHAPES_2, MessageRecord, _SINCE_2)
_SHAPES: Final = {1: _SHAPES_1, 2: _SHAPES_2, 3: SHAPES}
_GETTERS: Final = {shape: (tuple(fields), attrgetter(*fields)) for shape, fields in SHAPES.items()}


def encode(record: Record) -> bytes:
    """Return the record as one line of ASCII JSON, without the newline. Raises only for a wrong type."""
    fields = {"v": VERSION, "type": _NAMES[type(record)], **_fields(record)}
    return _ENCODER.encode(fields).encode("ascii")


def decode(text: bytes) -> Record:
    """Return the record. Raises `MalformedRecord`, whose message never quotes the record."""
    try:
        fields = json.loads(text)
    except ValueError:
        raise MalformedRecord("not JSON") from None
    version = fields.pop("v", None) if isinstance(fields, dict) else None
    if version not in READABLE:
        raise MalformedRecord(f"not a record of a version up to {VERSION}")
    kind = fields.pop("type", None)
    record = TYPES.get(kind) if isinstance(kind, str) else None
    if record is None:
        raise MalformedRecord("unknown type of record")
    return record(**_checked(_SHAPES[version][record], fields))


def _fields(value: object) -> Fields:
    names, get = _GETTERS[type(value)]
    return dict(zip(names, get(value), strict=True))


def _checked(shape: Shape, fields: object) -> Fields:
    if not isinstance(fields, dict) or fields.keys() != shape.keys():
        raise MalformedRecord("fields are missing or unknown")
    try:
        return {name: read(fields[name]) for name, read in shape.items()}
    except MalformedRecord:
        raise
    except ValueError:  # an enumeration's, which quotes the value
        raise MalformedRecord("a field holds an unknown word") from None


_ENCODER: Final = json.JSONEncoder(default=_fields, separators=(",", ":"), check_circular=False)
