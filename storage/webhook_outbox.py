"""The outbox: what webhooks want of what happens, noted by the transaction that stores it.

So an event that is stored is told, whatever dies when, and one that is not stored is not. Where no webhook
wants anything of the kind this is one query of a table with few rows.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, select

from domains.history import Change
from domains.model import State
from events.model import Hit, MessageRecord, Outcome, Record
from events.webhooks.model import OF_MESSAGES, Kind
from storage.bulk_insert import insert_new
from storage.event_tables import messages
from storage.webhook_tables import webhook_outbox, webhooks

_OF_STATES: Final = {
    State.VERIFIED: Kind.DOMAIN_VERIFIED,
    State.FAILED: Kind.DOMAIN_FAILED,
    State.RETIRED: Kind.DOMAIN_RETIRED,
}


class _Wish(NamedTuple):
    webhook: str
    project: int | None  # None: of all
    kinds: frozenset[str]

    def concerns(self, kind: str, project: int | None) -> bool:
        return kind in self.kinds and self.project in (None, project)


def note_records(connection: Connection, records: Sequence[Record]) -> None:
    """Note the clicks, opens and outcomes of a batch that is stored."""
    wishes = _wishes(connection, OF_MESSAGES)
    if not wishes:
        return
    projects = _projects(connection, records)
    rows = [
        (wish.webhook, event.at, event.id, kind, project, None)
        for event, kind, project in _events(records, projects)
        for wish in wishes
        if wish.concerns(kind, project)
    ]
    if rows:
        insert_new(connection, webhook_outbox, rows)


def note_change(connection: Connection, change: Change, entry: int) -> None:
    """Note what became of a tracking domain; `entry` is the number of its entry in the history."""
    kind = _OF_STATES.get(change.after) if change.after else None
    if kind is None or change.after is change.before:
        return
    payload = {
        "domain": change.domain,
        "before": change.before,
        "after": change.after,
        "cause": change.cause,
        "detail": change.detail,
    }
    note(connection, kind, f"domain-{entry}", at=change.at, project=change.project, payload=payload)


def note(
    connection: Connection,
    kind: Kind,
    event: str,
    *,
    at: datetime,
    project: int | None,
    payload: Mapping[str, Any],
) -> None:
    """Note one event with all that is to be told of it."""
    milliseconds = round(at.timestamp() * 1000)
    rows = [
        (wish.webhook, milliseconds, event, kind, project, dict(payload))
        for wish in _wishes(connection, (kind,))
        if wish.concerns(kind, project)
    ]
    if rows:
        insert_new(connection, webhook_outbox, rows)


def _wishes(connection: Connection, kinds: Collection[str]) -> list[_Wish]:
    rows = connection.execute(select(webhooks.c.id, webhooks.c.project, webhooks.c.kinds))
    listed = (_Wish(row.id, row.project, frozenset(row.kinds)) for row in rows)
    return [wish for wish in listed if not wish.kinds.isdisjoint(kinds)]


def _events(
    records: Sequence[Record], projects: Mapping[str, int]
) -> Iterable[tuple[Hit | Outcome, str, int | None]]:
    for record in records:
        if isinstance(record, Hit):
            yield record, record.kind, record.project
        elif isinstance(record, Outcome):
            yield record, record.verdict, projects.get(record.message)


def _projects(connection: Connection, records: Sequence[Record]) -> dict[str, int]:
    """Return the projects of the messages that outcomes are of: an outcome does not name its own."""
    known = {record.id: record.project for record in records if isinstance(record, MessageRecord)}
    missing = {record.message for record in records if isinstance(record, Outcome)} - known.keys()
    if missing:
        wanted = select(messages.c.id, messages.c.project).where(messages.c.id.in_(missing))
        known |= {row.id: row.project for row in connection.execute(wanted)}
    return known
