"""Many rows into one table.

SQLAlchemy's `execute` makes dictionaries of each row again and again: a quarter of the time of carrying
records to the database. Here it writes the statement, and its types convert whole columns.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table

from storage.dialects import POSITIONAL, insert

Row = tuple[Any, ...]
"""A value for each column of the table, in its order."""


def insert_new(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows whose primary key is not there yet; there must be some."""
    columns = zip(*rows, strict=True)
    bound = map(_bound, _processors(table, connection.dialect), columns)
    connection.exec_driver_sql(_statement(table, connection.dialect), list(zip(*bound, strict=True)))


def _bound(process: Callable[[Any], Any] | None, column: Row) -> Iterable[Any]:
    return map(process, column) if process else column


@cache
def _statement(table: Table, dialect: Dialect) -> str:
    new = insert(dialect, table).on_conflict_do_nothing()
    positional = POSITIONAL.get(dialect.name, dialect)
    return str(new.compile(dialect=positional, column_keys=[column.name for column in table.columns]))


@cache
def _processors(table: Table, dialect: Dialect) -> list[Callable[[Any], Any] | None]:
    """Return what makes a value of each column one that the driver takes."""
    return [column.type.dialect_impl(dialect).bind_processor(dialect) for column in table.columns]
