"""What the directory keeps of all domains, read as quickly as can be: there may be 100,000 of each kind.

The columns are taken by their order, which is that of the entries' fields: by name takes twice as long.
"""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, Select, select

from domains.directory import DomainEntries, SendingEntry, TrackingEntry
from domains.model import Https, State
from domains.sender_rules import rules_from_json
from rewriter.policy import Mode
from storage.domain_tables import sending_domains, tracking_domains

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
).select_from(sending_domains.outerjoin(tracking_domains))


def read_entries(connection: Connection) -> DomainEntries:
    """Return all of them."""
    return DomainEntries(list(_tracking(connection)), list(_sending(connection)))


def _tracking(connection: Connection) -> Iterator[TrackingEntry]:
    for name, project, state, is_default, https, https_seen, verified in _rows(connection, _TRACKING):
        yield TrackingEntry(name, project, State(state), is_default, Https(https), https_seen, verified)


def _sending(connection: Connection) -> Iterator[SendingEntry]:
    for name, project, linked, tracking, share, number, verified, rules in _rows(connection, _SENDING):
        mode = None if tracking is None else Mode(tracking)
        yield SendingEntry(name, project, linked, mode, share, number, verified, rules_from_json(rules))


def _rows(connection: Connection, wanted: Select[Any]) -> Iterator[Any]:
    """Yield the rows, a few at a time: a driver that takes them all at once holds the interpreter's lock."""
    yield from connection.execution_options(yield_per=500).execute(wanted)
