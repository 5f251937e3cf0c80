"""All domains as sections of a snapshot."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from domains.directory_entries import DomainEntries, SendingEntry, TrackingEntry
from domains.model import ALL, Https, State
from domains.sender_rules import rules_from_json, rules_to_json
from links.recipients import RecipientTracking
from rewriter.policy import Mode
from service.live.snapshot import SnapshotError
from service.live.snapshot_tables import REQUIRED, Row, decode_table, encode_table

_TRACKING: Final = {
    "name": REQUIRED,
    "project": REQUIRED,
    "state": REQUIRED,
    "is_default": REQUIRED,
    "https": Https.AUTO,
    "https_seen": False,
    "was_verified": False,
}
_SENDING: Final = {
    "name": REQUIRED,
    "project": REQUIRED,
    "tracking_domain": None,
    "tracking": None,
    "share": ALL,
    "id": REQUIRED,
    "verified": False,
    "rules": {},
    "recipients": None,
}

_Once = Callable[[Any, Any], Any]  # as in storage.domain_entries


def pack_domains(entries: DomainEntries) -> dict[str, bytes]:
    """Return the sections. json writes an enumeration as its text."""
    return {
        "tracking domains": encode_table(TrackingEntry._fields, entries.tracking),
        "sending domains": encode_table(SendingEntry._fields, map(_sending_row, entries.sending)),
    }


def unpack_domains(sections: Mapping[str, bytes]) -> DomainEntries:
    """Return what was packed. Raises SnapshotError."""
    try:
        once: _Once = {}.setdefault
        tracking = list(_tracking(sections["tracking domains"], once))
        return DomainEntries(tracking, list(_sending(sections["sending domains"], once)))
    except (LookupError, ValueError, TypeError, AttributeError):
        raise SnapshotError("its domains cannot be read") from None


def _tracking(section: bytes, once: _Once) -> Iterator[TrackingEntry]:
    for name, project, state, is_default, https, https_seen, verified in decode_table(section, _TRACKING):
        yield TrackingEntry(
            once(name, name),
            once(project, project),
            State(state),
            is_default,
            Https(https),
            https_seen,
            verified,
        )


def _sending_row(entry: SendingEntry) -> Row:
    return (*entry[:-2], rules_to_json(entry.rules), entry.recipients)


def _sending(section: bytes, once: _Once) -> Iterator[SendingEntry]:
    for name, project, linked, tracking, share, number, verified, rules, people in decode_table(
        section, _SENDING
    ):
        yield SendingEntry(
            name,
            once(project, project),
            once(linked, linked),
            None if tracking is None else Mode(tracking),
            share,
            number,
            verified,
            rules_from_json(rules),
            None if people is None else RecipientTracking(people),
        )
