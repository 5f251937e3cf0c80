"""Many rows into one table.

SQLAlchemy's `execute` makes dictionaries of each row again and again: a quarter of the time of carrying
records to the database. Here it writes the statement, and its types convert whole columns. PostgreSQL takes
many rows by COPY, about twice as fast as the same rows by INSERT.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, Final

from psycopg import Error as PsycopgError
from psycopg.errors import UniqueViolation
from sqlalchemy import Column, Connection, Dialect, Table
from sqlalchemy.exc import DBAPIError

from storage.dialects import POSITIONAL, insert
from storage.metadata import StoredText, are_storable

Row = tuple[Any, ...]
"""A value for each column of the table, in its order."""

COPIED: Final = 50
"""Rows from which on COPY is worth its savepoint."""


def insert_new(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows whose primary key is not there yet; there must be some."""
    columns = zip(*rows, strict=True)
    bound = map(_bound, table.columns, _processors(table, connection.dialect), columns)
    values = list(zip(*bound, strict=True))
    if (
        connection.dialect.name == "postgresql"
        and len(values) >= COPIED
        and _copied(connection, table, values)
    ):
        return
    connection.exec_driver_sql(_statement(table, connection.dialect), values)


def _copied(connection: Connection, table: Table, values: Sequence[Row]) -> bool:
    """Copy the rows; False, with nothing done, where one is there already: COPY knows no ON CONFLICT.

    That is so after a crash alone. A table in between, as others do it, would write each row twice.
    """
    columns = ", ".join(map(connection.dialect.identifier_preparer.quote, table.columns.keys()))
    statement = f"COPY {connection.dialect.identifier_preparer.format_table(table)} ({columns}) FROM STDIN"
    driver: Any = connection.connection
    try:
        with connection.begin_nested(), driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in values:
                copy.write_row(row)
    except UniqueViolation:
        return False
    except PsycopgError as error:  # as SQLAlchemy does it where it runs a statement itself
        raise DBAPIError.instance(
            statement, None, error, PsycopgError, hide_parameters=True, dialect=connection.dialect
        ) from error
    return True


def _bound(column: Column[Any], process: Callable[[Any], Any] | None, values: Row) -> Iterable[Any]:
    # Text is nearly always storable as it is; asked of a whole column, that takes a third of the time.
    if process is None or (type(column.type) is StoredText and are_storable(values)):
        return values
    return map(process, values)


@cache
def _statement(table: Table, dialect: Dialect) -> str:
    new = insert(dialect, table).on_conflict_do_nothing()
    positional = POSITIONAL.get(dialect.name, dialect)
    return str(new.compile(dialect=positional, column_keys=[column.name for column in table.columns]))


@cache
def _processors(table: Table, dialect: Dialect) -> list[Callable[[Any], Any] | None]:
    """Return what makes a value of each column one that the driver takes."""
    return [column.type.dialect_impl(dialect).bind_processor(dialect) for column in table.columns]
