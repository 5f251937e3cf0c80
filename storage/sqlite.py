"""SQLite: each transaction opens the file anew (NullPool) and never creates it (`mode=rw`).

A connection that stayed open would go on writing to a file that somebody moved away, and a missing file would
come back empty. Opening takes most of a millisecond, for the schema is read each time: whoever asks all day
may keep connections open, and each is looked at before it is used again.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import URL, Connection, Dialect, Engine, NullPool, QueuePool, create_engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from storage.failures import DatabaseUnavailable

_WRITES: Final = "waypost_writes"
_FILES: Final = "waypost_files"
_WIPING_PATIENCE: Final = 0.2  # seconds: writers wait meanwhile

# By dialect: an engine has it in common with those that are made of it with options of their own.
_turns: Final[WeakKeyDictionary[Dialect, tuple[threading.Lock, float]]] = WeakKeyDictionary()


def open_engine(url: URL, *, lock_timeout: float, kept: int) -> Engine:
    """Return an engine; nothing is opened yet. Raises `DatabaseUnavailable` where the URL names no file."""
    file = database_file(url)
    pool: dict[str, Any] = (
        {"poolclass": QueuePool, "pool_size": kept, "max_overflow": -1} if kept else {"poolclass": NullPool}
    )
    engine = create_engine(
        url,
        creator=partial(_connect, file, lock_timeout),
        hide_parameters=True,  # they hold addresses, and errors end up in logs
        **pool,
    )
    if kept:
        event.listen(engine, "connect", partial(_remember, file))
        event.listen(engine, "checkout", partial(_refuse_other, file))
    event.listen(engine, "begin", _begin)
    _turns[engine.dialect] = threading.Lock(), lock_timeout
    return engine


@contextmanager
def turn(engine: Engine, *, writes: bool) -> Iterator[None]:
    """Let one thread of this process write at a time; after the engine's patience SQLite itself decides.

    SQLite has no queue: whoever asks at the right moment writes. Of many threads that write, one may ask in
    vain until its patience is over, and other processes with it.
    """
    lock, patience = _turns[engine.dialect]
    held = writes and lock.acquire(timeout=patience)
    try:
        yield
    finally:
        if held:
            lock.release()


def options(*, writes: bool) -> dict[str, Any]:
    """Return the execution options of a transaction."""
    return {_WRITES: writes}


def let_go(engine: Engine) -> None:
    """Close the kept connections that nobody uses: the last one merges the write-ahead log into the file.

    The pool stays: one that is in use comes back to it.
    """
    engine.pool.dispose()


def create(url: URL) -> None:
    """Make an empty file (0600, its folder 0700) where there is none. Raises `DatabaseUnavailable`."""
    file = database_file(url)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise DatabaseUnavailable(f"The database {file} cannot be created: {error.strerror}.") from None


def begin_upgrade(connection: Connection) -> None:
    """Nothing: a transaction that writes has the file for itself, and nothing bounds its length."""


def wipe(engine: Engine) -> bool:
    """Empty the write-ahead log, where pages lie on as they were before; False while somebody reads it.

    In the file itself `secure_delete` overwrites what is deleted.
    """
    try:
        with closing(_connect(database_file(engine.url), _WIPING_PATIENCE)) as connection:
            busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error:  # locked; or gone, as whoever asks next is told
        return False
    return not busy


def database_file(url: URL) -> Path:
    """Return the file that the URL names. Raises `DatabaseUnavailable` where it names none."""
    if url.database in (None, "", ":memory:"):
        raise DatabaseUnavailable("The database URL names no SQLite file; write sqlite:///PATH.")
    return Path(str(url.database)).absolute()


def _connect(file: Path, lock_timeout: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{file.as_uri()}?mode=rw",
        uri=True,
        timeout=lock_timeout,
        isolation_level=None,
        check_same_thread=False,  # one that is kept goes from thread to thread, and is in one at a time
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # docs/durability.md says why not NORMAL
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")  # else what is deleted stays readable in free pages
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _remember(file: Path, connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # opens the log too
    record.info[_FILES] = _files(file)


def _refuse_other(file: Path, _: sqlite3.Connection, record: ConnectionPoolEntry, __: Any) -> None:
    """Have a connection replaced whose file, or its log, is not the one that has the name now."""
    now = _files(file)
    if now is None or record.info.get(_FILES) != now:
        raise DisconnectionError("the file is another one")


def _files(file: Path) -> tuple[int, ...] | None:
    """Return what tells the database and its write-ahead log from other files; None where one is missing."""
    try:
        found = [each.stat() for each in (file, file.with_name(f"{file.name}-wal"))]
    except OSError:
        return None
    return tuple(number for each in found for number in (each.st_dev, each.st_ino))


def _begin(connection: Connection) -> None:
    """Begin the transaction ourselves: `isolation_level=None` keeps the driver from doing it late.

    A writer takes the lock at once (IMMEDIATE). A transaction that reads first and then writes cannot wait
    for it: SQLite answers SQLITE_BUSY whatever the busy timeout [sqlite.org/lang_transaction.html].
    """
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
