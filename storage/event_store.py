"""Messages, outcomes and hits in the database: `events.ports.EventStore`."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from operator import attrgetter

from sqlalchemy import Connection, Engine, Table, func, select

from events.counting import Dimension, Statistics
from events.message_view import MessageView
from events.model import Hit, MessageRecord, Outcome, Record
from events.ports import Event, EventFilter, Place, StoreUnavailable
from events.report import Tally
from links.key_ring import KeyRing
from storage.bulk_insert import Row, insert_new
from storage.engine import repeatedly, transaction
from storage.event_query import newest, oldest
from storage.event_statistics import statistics
from storage.event_tables import hits, links, messages, outcomes, recipients, unjudged
from storage.forgotten import wishes_about
from storage.judging import MINUTE, hit_row, marks
from storage.message_query import message_view
from storage.report_query import copies, tallies
from storage.webhook_outbox import note_records

_MESSAGE_COLUMNS = messages.columns.keys()
_OUTCOME = attrgetter(*outcomes.columns.keys())


class SqlEventStore:
    """`events.ports.EventStore` on an engine of `storage.engine.open_engine`.

    Who adds needs the key `ring` of the moment: with it those are known who were forgotten.
    """

    def __init__(self, engine: Engine, *, ring: Callable[[], KeyRing] | None = None) -> None:
        self._engine = engine
        self._ring = ring

    def add(self, records: Sequence[Record]) -> None:
        insert = partial(_insert, records, _rows(records), self._ring)
        repeatedly(self._engine, insert, raising=StoreUnavailable)
        if some := [record.id for record in records if isinstance(record, MessageRecord)]:
            self._have_judged_again(some)

    def _have_judged_again(self, some: list[str]) -> None:
        """Leave marks for hits that came before their messages, which tell how many links there are.

        After the messages are committed: who judges a hit that is not seen here sees them.
        """
        early = select(hits.c.at // MINUTE, hits.c.message).where(hits.c.message.in_(some)).distinct()
        with self._reading() as connection:
            found = [tuple(row) for row in connection.execute(early)]
        if found:
            leave = partial(insert_new, table=unjudged, rows=found)
            repeatedly(self._engine, leave, raising=StoreUnavailable)

    def events(self, wanted: EventFilter, beyond: Place | None = None) -> list[Event]:
        with self._reading() as connection:
            return newest(connection, wanted, beyond)

    def events_beyond(self, wanted: EventFilter, beyond: Place | None) -> list[Event]:
        with self._reading() as connection:
            return oldest(connection, wanted, beyond)

    def message(self, project: int, message: str) -> MessageView | None:
        with self._reading() as connection:
            return message_view(connection, project, message)

    def statistics(self, by: Dimension | None, wanted: EventFilter) -> list[Statistics]:
        with self._reading() as connection:
            return statistics(connection, by, wanted)

    def tallies(self, after: int, project: int | None = None) -> list[Tally]:
        with self._reading() as connection:
            return tallies(connection, after, project)

    def copies(self, wanted: EventFilter) -> int:
        with self._reading() as connection:
            return copies(connection, wanted)

    def links_sealed_by(self, key: int) -> tuple[int, int]:
        sealed = messages.c.key == key
        of_links = messages.join(links, links.c.message == messages.c.id)
        with self._reading() as connection:
            counts = [
                connection.execute(select(func.count()).select_from(source).where(sealed)).scalar_one()
                for source in (messages, of_links)
            ]
        return counts[0], counts[1]

    def _reading(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine, writes=False, raising=StoreUnavailable)


def _insert(
    records: Sequence[Record],
    rows: Mapping[Table, list[Row]],
    ring: Callable[[], KeyRing] | None,
    connection: Connection,
) -> None:
    wishes = wishes_about(connection, records, ring) if ring else None
    for table, some in (_rows(wishes.without(records)) if wishes else rows).items():
        insert_new(connection, table, some)
    if wishes:
        wishes.withhold(connection, records)
    note_records(connection, records)


def _rows(records: Sequence[Record]) -> dict[Table, list[Row]]:
    """Sort the records into rows for each table; tables without any are left out."""
    rows: dict[Table, list[Row]] = {messages: [], recipients: [], links: [], outcomes: [], hits: []}
    for record in records:
        match record:
            case MessageRecord():
                rows[messages].append(_message(record))
                rows[recipients] += _recipients(record)
                rows[links] += _links(record)
            case Outcome():
                rows[outcomes].append(_OUTCOME(record))
            case Hit():
                rows[hits].append(hit_row(record))
    rows[unjudged] = marks(records)
    return {table: some for table, some in rows.items() if some}


def _message(record: MessageRecord) -> Row:
    return tuple(
        len(record.links) if name == "link_count" else getattr(record, name) for name in _MESSAGE_COLUMNS
    )


def _recipients(record: MessageRecord) -> list[Row]:
    return [(record.id, position, to.reference, to.address) for position, to in enumerate(record.recipients)]


def _links(record: MessageRecord) -> list[Row]:
    return [(record.id, link.number, link.url, link.name, link.tags) for link in record.links]
