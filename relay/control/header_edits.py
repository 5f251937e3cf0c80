"""Takes our own headers out of a message, and switches the upstream's own tracking off."""

import re
from collections.abc import Sequence

from relay.control.header_fields import HeaderField
from relay.control.reader import Problem
from relay.control.values import MAX_VALUE, BadValue
from relay.control.vendors import VENDORS, Profile
from relay.control.waypost import PREFIX

_SIGNATURE = re.compile(
    rb"^(?:dkim|arc-message)-signature[ \t]*+:((?>(?:[^\r\n]++|\r\n[ \t])*))", re.IGNORECASE | re.MULTILINE
)
_SIGNED_NAMES = re.compile(rb"(?:^|;)\s*h\s*=([^;]*)")


def without_own(message: bytes, fields: Sequence[HeaderField]) -> bytes:
    """Return the message without our headers."""
    return _without(message, [field for field in fields if field.name.startswith(PREFIX)])


def silenced(
    message: bytes, fields: Sequence[HeaderField], profile: Profile
) -> tuple[bytes, tuple[Problem, ...]]:
    """Return the message with the upstream's tracking switched off, whose service `profile` names.

    `fields` are those of this very message. Its header stays as it came, with the problem told, where it
    cannot be read or a signature covers it.
    """
    vendor = VENDORS.get(profile)
    if vendor is None:
        return message, ()
    its = [field for field in fields if field.name in vendor.switches]
    try:
        if sum(len(field.raw) for field in its) > MAX_VALUE:
            raise BadValue(f"more than {MAX_VALUE} octets")
        if vendor.switches & _signed_names(message):
            raise BadValue("a signature covers it")
        return vendor.silent(its) + _without(message, its), ()
    except BadValue as error:
        name = its[0].name if its else min(vendor.switches)
        return message, (Problem(header=name, why=f"passed on as it came: {error}"),)


def _without(message: bytes, fields: Sequence[HeaderField]) -> bytes:
    if not fields:
        return message
    kept, at = [], 0
    for field in fields:
        kept.append(message[at : field.start])
        at = field.end
    return b"".join([*kept, message[at:]])


def _signed_names(message: bytes) -> set[str]:
    """Return the names of the header fields that DKIM and ARC signatures cover [RFC 6376 section 3.5]."""
    end = message.find(b"\r\n\r\n")
    names: set[str] = set()
    for signature in _SIGNATURE.finditer(message, 0, end if end >= 0 else len(message)):
        if listed := _SIGNED_NAMES.search(signature[1]):
            names.update(name.strip().lower() for name in listed[1].decode("ascii", "replace").split(":"))
    return names
