"""Statements that both databases know and SQLAlchemy has once for each."""

from collections.abc import Callable
from typing import Final

from sqlalchemy import Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

Insert = postgresql.Insert | sqlite.Insert

_INSERTS: Final[dict[str, Callable[[Table], Insert]]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}

POSITIONAL: Final[dict[str, Dialect]] = {
    "postgresql": PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]
}
"""Where the dialect names the values of a statement, one that takes them from a tuple."""


def insert(dialect: Dialect, table: Table) -> Insert:
    """Return an INSERT that may be given an ON CONFLICT clause."""
    return _INSERTS[dialect.name](table)
