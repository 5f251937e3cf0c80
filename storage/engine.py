"""Opening the database, and transactions whose failures are one sentence for the operator.

SQLite: each transaction opens the file anew (NullPool) and never creates it (`mode=rw`). A connection that
stayed open would go on writing to a file that somebody moved away, and a missing file would come back empty.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from storage.failures import sentence

BUSY_TIMEOUT: Final = 5.0
"""Seconds that a transaction waits for another writer."""

_WRITES: Final = "waypost_writes"


class DatabaseUnavailable(Exception):
    """The database cannot be opened, created or brought up to date. The message says what to do."""


def database_file(url: str) -> Path:
    """Return the file that a `sqlite:///path` URL names. Raises `DatabaseUnavailable` for any other URL.

    The URL itself is never quoted: it may hold a password.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseUnavailable("The database URL cannot be read; write sqlite:///PATH.") from None
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        raise DatabaseUnavailable("The database URL names no SQLite file; write sqlite:///PATH.")
    return Path(str(parsed.database)).absolute()


def open_engine(url: str, *, busy_timeout: float = BUSY_TIMEOUT) -> Engine:
    """Return an engine; nothing is opened yet. Raises `DatabaseUnavailable` for a URL that cannot be used."""
    file = database_file(url)
    engine = create_engine(
        url,
        creator=partial(_connect, file, busy_timeout),
        poolclass=NullPool,
        hide_parameters=True,  # they hold addresses, and errors end up in logs
    )
    event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def transaction(engine: Engine, *, writes: bool, raising: type[Exception]) -> Iterator[Connection]:
    """Run the block in one transaction. A failure of the database is raised as `raising`, in one sentence."""
    try:
        with engine.execution_options(**{_WRITES: writes}).begin() as connection:
            yield connection
    except DBAPIError as error:
        raise raising(sentence(error, str(engine.url.database))) from error


def _connect(file: Path, busy_timeout: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{file.as_uri()}?mode=rw", uri=True, timeout=busy_timeout, isolation_level=None
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # docs/durability.md says why not NORMAL
        connection.execute("PRAGMA foreign_keys = ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _begin(connection: Connection) -> None:
    """Begin the transaction ourselves: `isolation_level=None` keeps the driver from doing it late.

    A writer takes the lock at once (IMMEDIATE). A transaction that reads first and then writes cannot wait
    for it: SQLite answers SQLITE_BUSY whatever the busy timeout [sqlite.org/lang_transaction.html].
    """
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
