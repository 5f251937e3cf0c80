"""Numbers of whole days, so that statistics over weeks need not read the hits. A day is one of UTC, as days
since 1970.

What changes a day raises the number `changed` of it, in the same transaction. Its sums hold while `summed` is
the same number, and while no minute of it waits to be judged. Nobody who writes hits touches these tables.
"""

from enum import StrEnum
from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, Table

from storage.metadata import StoredText, metadata

DAY: Final = 86_400_000  # milliseconds


class Rollup(StrEnum):
    """What a day's numbers are summed by; all of them by project and kind, too."""

    DOMAINS = "domains"  # the sending and the tracking domain
    TAGS = "tags"  # both of them, and all tags of a message together
    LINKS = "links"  # the same, and the link
    AGENTS = "agents"  # the program alone


summed_days: Final = Table(
    "summed_days",
    metadata,
    Column("day", BigInteger, primary_key=True, autoincrement=False),
    Column("changed", BigInteger, nullable=False),
    Column("summed", BigInteger),  # the `changed` of the sums; null where there are none
)

# Without a primary key: tags, URLs and agents are longer than an index of PostgreSQL takes. The days of a
# rollup are read and replaced whole.
sums: Final = Table(
    "sums",
    metadata,
    Column("rollup", StoredText, nullable=False),
    Column("day", BigInteger, nullable=False),
    Column("project", BigInteger, nullable=False),
    Column("kind", StoredText, nullable=False),
    Column("sending_domain", StoredText, nullable=False),
    Column("tracking_domain", StoredText, nullable=False),
    Column("tags", StoredText, nullable=False),  # a JSON list, as in `messages`
    Column("value", StoredText, nullable=False),  # the link or the agent
    Column("new_people", Integer, nullable=False),
    Column("human", Integer, nullable=False),
    Column("new_readers", Integer, nullable=False),
    Column("hits", Integer, nullable=False),
)
Index(None, sums.c.rollup, sums.c.day)

# Rollups that would be nearly as large as the hits themselves, such as links with a URL for each recipient.
unsummed: Final = Table(
    "unsummed",
    metadata,
    Column("rollup", StoredText, primary_key=True),
    Column("day", BigInteger, primary_key=True, autoincrement=False),
    Column("project", BigInteger, primary_key=True, autoincrement=False),
)
