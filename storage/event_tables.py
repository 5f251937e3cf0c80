"""The tables of what happened.

A hit may arrive before the record of its message, and may outlive it: nothing here has a foreign key. A hit
holds a recipient's random reference, never an address; what a reference means stands in `recipients` alone,
so that a person can be forgotten there. Times are milliseconds since 1970.
"""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, PrimaryKeyConstraint, Table, text

from storage.metadata import IndexedText, StoredJson, StoredText, metadata

messages: Final = Table(
    "messages",
    metadata,
    Column("id", StoredText, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("project", BigInteger, nullable=False),
    Column("sender", StoredText, nullable=False),
    Column("message_id", IndexedText, nullable=False, index=True),
    Column("sending_domain", IndexedText, nullable=False, index=True),
    Column("tracking_domain", StoredText, nullable=False),
    Column("key", BigInteger, nullable=False),
    Column("mode", StoredText, nullable=False),
    Column("size", BigInteger, nullable=False),
    # So that a report need not count the rows of `links`.
    Column("link_count", BigInteger, nullable=False, server_default=text("0")),
    Column("pixel", Boolean, nullable=False, server_default=text("false")),
    Column("untracked", StoredText, nullable=False, server_default=text("''")),
    Column("left_alone", StoredJson, nullable=False, server_default=text("'{}'")),
    Column("tags", StoredJson, nullable=False, server_default=text("'[]'")),
    Column("metadata", StoredJson, nullable=False, server_default=text("'{}'")),
    Column("problems", StoredJson, nullable=False, server_default=text("'[]'")),
    Column("recipient_tracking", StoredText, nullable=False, server_default=text("'identified'")),
)

recipients: Final = Table(
    "recipients",
    metadata,
    Column("message", StoredText, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("reference", StoredText),
    Column("address", IndexedText, nullable=False, index=True),
)

links: Final = Table(
    "links",
    metadata,
    Column("message", StoredText, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("url", StoredText, nullable=False),
    Column("name", StoredText, nullable=False),
    Column("tags", StoredJson, nullable=False),
)

outcomes: Final = Table(
    "outcomes",
    metadata,
    Column("id", StoredText, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("message", StoredText, nullable=False, index=True),
    Column("verdict", StoredText, nullable=False),
    Column("code", BigInteger, nullable=False),
    Column("reply", StoredText, nullable=False),
)
Index(None, outcomes.c.at, outcomes.c.id)

hits: Final = Table(
    "hits",
    metadata,
    Column("id", StoredText, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", StoredText, nullable=False),
    Column("project", BigInteger, nullable=False),
    Column("message", StoredText, nullable=False, index=True),
    Column("recipient", StoredText),
    Column("link", BigInteger, nullable=False),
    Column("url", StoredText, nullable=False),
    Column("host", StoredText, nullable=False),
    Column("address", StoredText, nullable=False),
    Column("user_agent", StoredText, nullable=False),
    Column("method", StoredText, nullable=False),
    Column("purpose", StoredText, nullable=False, server_default=text("''")),
    # What was judged of it, and can be judged again; all before is as it came, for ever.
    Column("verdict", StoredText, nullable=False, server_default=text("'human'")),
    Column("reasons", StoredText, nullable=False, server_default=text("''")),  # with commas between
    Column("rules", Integer, nullable=False, server_default=text("0")),
    # The time comes first, so that this is the index on time, and with PostgreSQL partitions by it. A record
    # that comes again has the same id and the same time.
    PrimaryKeyConstraint("at", "id"),
    postgresql_partition_by="RANGE (at)",  # storage.partitions
)

# Minutes with hits that were judged without those around them. Each batch of hits leaves a row of its own for
# each minute that it touches, named by one of its hits: shippers never wait for each other, a batch that is
# shipped again leaves no more, and whoever judges a minute removes only the rows that he saw before.
unjudged: Final = Table(
    "unjudged",
    metadata,
    Column("minute", BigInteger, primary_key=True, autoincrement=False),
    Column("hit", StoredText, primary_key=True),
)
