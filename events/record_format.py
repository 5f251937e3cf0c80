"""Records as JSON: one object each, versioned and strict. docs/events.md lists every field.

Text is ASCII with `\\u` escapes, so that the lone surrogates of an undecodable address survive, and no
character that some tool takes for the end of a line can stand in it. A reader takes exactly the fields that
it knows; a record of a type or version made by a newer Waypost is refused as a whole rather than read in
part.
"""

import json
from dataclasses import fields
from typing import Any, Final

from msgspec import convert, to_builtins
from msgspec.json import Decoder, Encoder

from events.model import Hit, MessageRecord, Outcome, Record

VERSION: Final = 4
TYPES: Final[dict[str, type[Record]]] = {"message": MessageRecord, "outcome": Outcome, "hit": Hit}
_FIELDS: Final = {MessageRecord: (12, 18, 18, 19), Outcome: (6, 6, 6, 6), Hit: (12, 12, 13, 13)}
"""How many of a record's fields each version has: what came later stands last, and has a default."""

_NAMES: Final = {
    (version, name): frozenset([field.name for field in fields(record)][:count])
    for name, record in TYPES.items()
    for version, count in enumerate(_FIELDS[record], start=1)
}
_HEADS: Final = {record: b'{"v":%d,"type":"%s",' % (VERSION, name.encode()) for name, record in TYPES.items()}
_ENCODER: Final = Encoder()
_DECODER: Final = Decoder()


class MalformedRecord(ValueError):
    """The text is no record that this version reads."""


def encode(record: Record) -> bytes:
    """Return the record as one line of ASCII JSON, without the newline. Raises only for a wrong type."""
    return _HEADS[type(record)] + _ascii(record)[1:]


def decode(text: bytes) -> Record:
    """Return the record. Raises `MalformedRecord`, whose message never quotes the record."""
    try:
        given = _object(text)
        version, name = given.pop("v", None), given.pop("type", None)
        if given.keys() != _NAMES.get((version, name)):
            raise MalformedRecord(f"not exactly the fields of a type and version up to {VERSION}")
        return convert(given, TYPES[name])
    except MalformedRecord:
        raise
    except (ValueError, TypeError, RecursionError):  # theirs quote what they read
        raise MalformedRecord("not JSON, or a field holds what it must not") from None


def _ascii(record: Record) -> bytes:
    """Return its JSON. Nearly always msgspec's, which takes a sixth of the time and writes UTF-8."""
    try:
        text = _ENCODER.encode(record)
    except UnicodeEncodeError:  # a lone surrogate, which UTF-8 has no form for
        text = b"\x7f"
    if text.isascii() and b"\x7f" not in text:
        return text
    return json.dumps(to_builtins(record), separators=(",", ":")).encode("ascii")


def _object(text: bytes) -> dict[str, Any]:
    """Return the object. Raises ValueError, or TypeError where it is another value."""
    try:
        value = _DECODER.decode(text)
    except ValueError:  # perhaps a lone surrogate, which the standard library alone reads
        value = json.loads(text)
    if not isinstance(value, dict):
        raise TypeError
    return value
