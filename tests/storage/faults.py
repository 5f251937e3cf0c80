"""What can befall a database file, each as a context in which it is so."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path


@contextmanager
def locked_for_writing(file: Path) -> Iterator[None]:
    """Another program is in the middle of a change."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def locked_for_all(file: Path) -> Iterator[None]:
    """Another program holds the file for itself."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("COMMIT")
        yield


@contextmanager
def moved_away(file: Path) -> Iterator[None]:
    """It is gone for a while, and must not be made anew."""
    away = file.with_name("away.sqlite")
    file.rename(away)
    yield
    assert not file.exists()
    away.rename(file)


@contextmanager
def without_tables(file: Path) -> Iterator[None]:
    """An empty file stands in its place."""
    away = file.with_name("away.sqlite")
    file.rename(away)
    file.touch()
    yield
    away.replace(file)


@contextmanager
def no_database(file: Path) -> Iterator[None]:
    """Something else stands in its place."""
    away = file.with_name("away.sqlite")
    file.rename(away)
    file.write_bytes(b"a text file, long enough to be taken for one" * 100)
    yield
    away.replace(file)


@contextmanager
def a_folder(file: Path) -> Iterator[None]:
    """A folder stands in its place."""
    away = file.with_name("away.sqlite")
    file.rename(away)
    file.mkdir()
    yield
    file.rmdir()
    away.rename(file)


FOR_READERS: dict[str, Callable[[Path], AbstractContextManager[None]]] = {
    "locked for all": locked_for_all,
    "moved away": moved_away,
    "without tables": without_tables,
    "no database": no_database,
    "a folder": a_folder,
}
FOR_WRITERS = FOR_READERS | {"locked for writing": locked_for_writing}
