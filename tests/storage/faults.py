"""What can befall a database, each as a context in which it is so."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from storage.metadata import metadata
from tests.postgresql import PostgreSQL
from tests.storage.databases import Database

Fault = Callable[[Database], AbstractContextManager[None]]


@contextmanager
def locked_for_writing(database: Database) -> Iterator[None]:
    """Another program is in the middle of a change."""
    with closing(sqlite3.connect(database.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def locked_for_all(database: Database) -> Iterator[None]:
    """Another program holds the file for itself."""
    with closing(sqlite3.connect(database.file, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("COMMIT")
        yield


@contextmanager
def moved_away(database: Database) -> Iterator[None]:
    """It is gone for a while, and must not be made anew."""
    with _set_aside(database.file):
        yield
        assert not database.file.exists()


@contextmanager
def without_tables(database: Database) -> Iterator[None]:
    """An empty file stands in its place."""
    with _set_aside(database.file):
        database.file.touch()
        yield


@contextmanager
def no_database(database: Database) -> Iterator[None]:
    """Something else stands in its place."""
    with _set_aside(database.file):
        database.file.write_bytes(b"a text file, long enough to be taken for one" * 100)
        yield


@contextmanager
def a_folder(database: Database) -> Iterator[None]:
    """A folder stands in its place."""
    with _set_aside(database.file):
        database.file.mkdir()
        yield
        database.file.rmdir()


@contextmanager
def tables_locked(database: Database) -> Iterator[None]:
    """Another program is changing the tables' structure."""
    with _holding(database, "ACCESS EXCLUSIVE"):
        yield


@contextmanager
def tables_locked_for_writing(database: Database) -> Iterator[None]:
    """Another program is in the middle of a change to all tables."""
    with _holding(database, "EXCLUSIVE"):
        yield


@contextmanager
def renamed(database: Database) -> Iterator[None]:
    """The server has no database of this name."""
    server = _server(database)
    server.disconnect_all(database.name)
    server.execute("ALTER DATABASE {} RENAME TO {}", database.name, "away")
    yield
    server.execute("ALTER DATABASE {} RENAME TO {}", "away", database.name)


@contextmanager
def tables_renamed(database: Database) -> Iterator[None]:
    """The tables are others."""
    server = _server(database)
    server.execute("ALTER SCHEMA public RENAME TO away", database=database.name)
    yield
    server.execute("ALTER SCHEMA away RENAME TO public", database=database.name)


@contextmanager
def _set_aside(file: Path) -> Iterator[None]:
    away = file.with_name("away.sqlite")
    file.rename(away)
    yield
    away.replace(file)


@contextmanager
def _holding(database: Database, mode: str) -> Iterator[None]:
    engine = database.outside()
    with engine.begin() as connection:
        connection.exec_driver_sql(f"LOCK TABLE {', '.join(metadata.tables)} IN {mode} MODE")
        yield
    engine.dispose()


def _server(database: Database) -> PostgreSQL:
    assert database.server is not None
    return database.server


_FOR_READERS: dict[str, list[Fault]] = {
    "sqlite": [locked_for_all, moved_away, without_tables, no_database, a_folder],
    "postgresql": [tables_locked, renamed, tables_renamed],
}
_FOR_WRITERS: dict[str, list[Fault]] = {
    "sqlite": [locked_for_writing],
    "postgresql": [tables_locked_for_writing],
}


def _each(*faults: dict[str, list[Fault]]) -> pytest.MarkDecorator:
    pairs = [
        pytest.param(name, fault, id=f"{name}-{fault.__name__}")  # type: ignore[attr-defined]
        for some in faults
        for name, listed in some.items()
        for fault in listed
    ]
    return pytest.mark.parametrize(("database", "fault"), pairs, indirect=["database"])


each_fault_for_readers = _each(_FOR_READERS)
each_fault_for_writers = _each(_FOR_READERS, _FOR_WRITERS)
each_fault_beside_open_connections = _each(  # SQLite's other ones need the file for themselves
    {
        "sqlite": [moved_away, no_database, a_folder, locked_for_writing],
        "postgresql": [tables_locked, renamed, tables_renamed, tables_locked_for_writing],
    }
)
each_writer_in_between = _each({"sqlite": [locked_for_writing], "postgresql": [tables_locked_for_writing]})
