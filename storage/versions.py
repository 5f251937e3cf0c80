"""A number for each kind of thing that grows with every change, so that a running server reads cheaply."""

from typing import Final

from sqlalchemy import Column, Connection, Integer, Table, func, select

from storage.dialects import insert
from storage.metadata import StoredText, metadata
from storage.notifications import tell

versions: Final = Table(
    "versions",
    metadata,
    Column("name", StoredText, primary_key=True),
    Column("number", Integer, nullable=False),
)


def version_of(connection: Connection, name: str) -> int:
    """Return the number; 0 before the first change."""
    number = select(func.coalesce(func.max(versions.c.number), 0)).where(versions.c.name == name)
    return int(connection.execute(number).scalar_one())


def raise_version(connection: Connection, name: str) -> None:
    """Count a change, at the start of the transaction that makes it.

    The row stays locked until its end: on PostgreSQL too changes of one kind come one after the other, and
    each sees what the one before it left.
    """
    first = insert(connection.dialect, versions).values(name=name, number=1)
    grown = {"number": versions.c.number + 1}
    connection.execute(first.on_conflict_do_update(index_elements=["name"], set_=grown))
    tell(connection, name)
