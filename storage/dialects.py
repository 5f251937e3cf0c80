"""Statements that both databases know and SQLAlchemy has once for each."""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import BigInteger, Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

Insert = postgresql.Insert | sqlite.Insert

_INSERTS: Final[dict[str, Callable[[Table], Insert]]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}

POSITIONAL: Final[dict[str, Dialect]] = {
    "postgresql": PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]
}
"""Where the dialect names the values of a statement, one that takes them from a tuple."""


class unsought(FunctionElement[int]):  # noqa: N801 - reads as the function that it is in a statement
    """A number by which SQLite is not to look for rows; PostgreSQL knows by itself what is better."""

    name = "unsought"
    type = BigInteger()
    inherit_cache = True


@compiles(unsought)
def _as_it_is(element: Any, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(unsought, "sqlite")
def _in_coalesce(element: Any, compiler: Any, **options: Any) -> str:
    """Behind a unary plus it would still begin with the table of an outer join [sqlite.org/optoverview]."""
    return f"coalesce({compiler.process(element.clauses, **options)}, NULL)"


def insert(dialect: Dialect, table: Table) -> Insert:
    """Return an INSERT that may be given an ON CONFLICT clause."""
    return _INSERTS[dialect.name](table)
