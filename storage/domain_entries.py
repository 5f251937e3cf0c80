"""What the directory keeps of all domains, read as quickly as can be: there may be 100,000 of each kind.

The columns are taken by their order, which is that of the entries' fields: by name takes twice as long.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from sqlalchemy import Connection, Select, select

from domains.directory_entries import DomainChanges, DomainEntries, SendingEntry, TrackingEntry
from domains.model import Https, State
from domains.ownership import Kind
from domains.sender_rules import rules_from_json
from links.recipients import RecipientTracking
from rewriter.policy import Mode
from storage.domain_changes import can_tell, names_since
from storage.domain_tables import sending_domains, tracking_domains
from storage.versions import version_of

_TRACKING: Final = select(
    tracking_domains.c.name,
    tracking_domains.c.project,
    tracking_domains.c.state,
    tracking_domains.c.is_default,
    tracking_domains.c.https,
    tracking_domains.c.https_since.is_not(None),
    tracking_domains.c.verified_at.is_not(None),
)

_SENDING: Final = select(
    sending_domains.c.name,
    sending_domains.c.project,
    tracking_domains.c.name,
    sending_domains.c.tracking,
    sending_domains.c.share,
    sending_domains.c.id,
    sending_domains.c.verified_at.is_not(None),
    sending_domains.c.rules,
    sending_domains.c.recipients,
).select_from(sending_domains.outerjoin(tracking_domains))

# Keeps one object of each name and number that stands in many entries: 14 MB less, and quicker look-ups.
_Once = Callable[[Any, Any], Any]


def read_entries(connection: Connection) -> DomainEntries:
    """Return all of them."""
    once: _Once = {}.setdefault
    tracking = list(_tracking(connection, _TRACKING, once))
    return DomainEntries(tracking, list(_sending(connection, _SENDING, once)))


def read_changes(connection: Connection, since: int) -> DomainChanges | None:
    """Return what changed after that version; None where reading all is better, or the only way."""
    version = version_of(connection, "domains")
    if version == since:
        return DomainChanges(version, {}, {})
    if not can_tell(connection, since, version):
        return None
    once: _Once = {}.setdefault
    hosts, senders = names_since(since, Kind.TRACKING), names_since(since, Kind.SENDING)
    tracking = _tracking(connection, _TRACKING.where(tracking_domains.c.name.in_(hosts)), once)
    sending = _sending(connection, _SENDING.where(sending_domains.c.name.in_(senders)), once)
    return DomainChanges(
        version,
        _gone(connection, hosts) | {entry.name: entry for entry in tracking},
        _gone(connection, senders) | {entry.name: entry for entry in sending},
    )


def _gone(connection: Connection, names: Select[Any]) -> dict[str, Any]:
    return dict.fromkeys(connection.execute(names).scalars())


def _tracking(connection: Connection, wanted: Select[Any], once: _Once) -> Iterator[TrackingEntry]:
    for name, project, state, is_default, https, https_seen, verified in _rows(connection, wanted):
        yield TrackingEntry(
            once(name, name),
            once(project, project),
            State(state),
            is_default,
            Https(https),
            https_seen,
            verified,
        )


def _sending(connection: Connection, wanted: Select[Any], once: _Once) -> Iterator[SendingEntry]:
    for name, project, linked, tracking, share, number, verified, rules, people in _rows(connection, wanted):
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


def _rows(connection: Connection, wanted: Select[Any]) -> Iterator[Any]:
    """Yield the rows, a few at a time: a driver that takes them all at once holds the interpreter's lock."""
    yield from connection.execution_options(yield_per=500).execute(wanted)
