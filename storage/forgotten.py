"""Who was forgotten, while records of that time may still come: what the shipper stores is without them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Connection, Integer, Row, Table, func, select, tuple_, update

from events.forgetting import EVERY_PROJECT, fingerprints, without_those
from events.model import WITHHELD, Hit, MessageRecord, Outcome, Recipient, Record
from events.redaction import redacted_texts, redaction
from links.key_ring import KeyRing
from storage.event_tables import hits, links, recipients
from storage.metadata import StoredText, metadata

forgotten: Final = Table(
    "forgotten",
    metadata,
    Column("fingerprint", StoredText, primary_key=True),
    Column("project", BigInteger, primary_key=True, autoincrement=False),  # EVERY_PROJECT: of all
    Column("key", Integer, nullable=False),  # that made the fingerprint
    Column("at", BigInteger, nullable=False),  # what is older is without the person
)

NOBODY: Final = ""
"""The address of a recipient who was forgotten; his reference stays."""

Reader = tuple[str, str]
"""A message and a reference in it."""


class Wishes:
    """Those to forget somebody that concern a batch of records; false where none does."""

    def __init__(self, rows: Sequence[Row[Any]], ring: KeyRing) -> None:
        made = {key.id: fingerprints(key) for row in rows if (key := ring.find(row.key))}
        self._rows = [(row, made[row.key]) for row in rows if row.key in made]

    def __bool__(self) -> bool:
        return bool(self._rows)

    def without(self, records: Sequence[Record]) -> Sequence[Record]:
        """Return the records as they may be stored; hits are for `withhold`, when they have been judged."""
        return [self._without(record) for record in records]

    def withhold(self, connection: Connection, records: Sequence[Record]) -> None:
        """Take address and User-Agent out of the clicks and opens of those who were forgotten.

        Called when the records are stored: hits may have come before their message, or come after it.
        """
        asked = {(hit.message, hit.recipient) for hit in self._late_hits(records) if hit.recipient}
        named = {
            (record.id, recipient.reference)
            for record in self.without(records)
            if isinstance(record, MessageRecord)
            for recipient in record.recipients
            if recipient.address == NOBODY and recipient.reference
        }
        own = recipients.c
        known = select(own.message, own.reference).where(
            tuple_(own.message, own.reference).in_(sorted(asked)), own.address == NOBODY
        )
        withhold(connection, named | {(row[0], row[1]) for row in connection.execute(known)})

    def _late_hits(self, records: Sequence[Record]) -> Iterator[Hit]:
        latest = max(row.at for row, _ in self._rows)
        return (each for each in records if isinstance(each, Hit) and each.at <= latest)

    def _without(self, record: Record) -> Record:
        match record:
            case MessageRecord():
                return self._message(record)
            case Outcome():
                # Of any project: an outcome does not know its own.
                def gone(address: str) -> bool:
                    return self._cover(address, record.at)

                return replace(record, reply=without_those(gone, record.reply))
        return record

    def _message(self, record: MessageRecord) -> MessageRecord:
        gone = {to.address for to in record.recipients if self._cover(to.address, record.at, record.project)}
        if not gone:
            return record
        redacted = redacted_texts(record, redaction(gone))
        left = tuple(
            Recipient(address=NOBODY, reference=to.reference) if to.address in gone else to
            for to in record.recipients
        )
        alone = all(to.address == NOBODY for to in left)
        return replace(redacted, recipients=left, metadata={} if alone else redacted.metadata)

    def _cover(self, address: str, at: int, project: int | None = None) -> bool:
        return any(
            at <= row.at
            and (project is None or row.project in (EVERY_PROJECT, project))
            and fingerprint(address) == row.fingerprint
            for row, fingerprint in self._rows
        )


def wishes_about(
    connection: Connection, records: Sequence[Record], ring: Callable[[], KeyRing]
) -> Wishes | None:
    """Return those that concern the records; None, nearly always, for one query of a small table.

    Called in the transaction that stores them: who forgets somebody waits for those that asked before it was
    noted, and then goes over what they stored.
    """
    earliest = min((record.at for record in records), default=0)
    rows = connection.execute(select(forgotten).where(forgotten.c.at >= earliest)).all()
    return (Wishes(rows, ring()) or None) if rows else None


def withhold(connection: Connection, readers: set[Reader]) -> int:
    """Take address and User-Agent out of their clicks and opens, and have the URLs of the links as stored.

    Those may have held an address. The verdicts stay. Return how many clicks and opens there were.
    """
    if not readers:
        return 0
    theirs = tuple_(hits.c.message, hits.c.recipient).in_(sorted(readers))
    changed = update(hits).where(hits.c.message.in_({message for message, _ in readers}), theirs)
    url = select(links.c.url).where(links.c.message == hits.c.message, links.c.number == hits.c.link)
    clicked = func.coalesce(url.scalar_subquery(), hits.c.url)
    return connection.execute(changed.values(address="", user_agent=WITHHELD, url=clicked)).rowcount
