import sqlite3
from contextlib import closing

import pytest
from sqlalchemy.exc import OperationalError

from storage.failures import sentence


def told(cause: BaseException, name: str = "") -> str:
    if name:
        cause.sqlite_errorname = name  # type: ignore[attr-defined]
    return sentence(OperationalError("INSERT 'private'", {"private": 1}, cause), "/var/{0}/w.db")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("SQLITE_BUSY", "is locked"),
        ("SQLITE_BUSY_SNAPSHOT", "is locked"),
        ("SQLITE_LOCKED_SHAREDCACHE", "is locked"),
        ("SQLITE_CANTOPEN", "is missing or cannot be opened"),
        ("SQLITE_CANTOPEN_ISDIR", "is missing or cannot be opened"),
        ("SQLITE_READONLY", "cannot be written"),
        ("SQLITE_READONLY_DIRECTORY", "cannot be written"),
        ("SQLITE_PERM", "cannot be written"),
        ("SQLITE_FULL", "is full"),
        ("SQLITE_IOERR_FSYNC", "reports errors"),
        ("SQLITE_CORRUPT_INDEX", "is damaged"),
        ("SQLITE_NOTADB", "is no SQLite database"),
    ],
)
def test_each_code_of_sqlite_has_its_sentence(name: str, said: str) -> None:
    text = told(sqlite3.OperationalError("what the driver says"), name)
    assert said in text
    assert text.endswith(".")
    assert "/var/{0}/w.db" in text


@pytest.mark.parametrize(
    "cause", ["no such table: hits", "no such column: h.x", "table hits has no column named x"]
)
def test_a_table_of_another_version_asks_for_an_upgrade(cause: str) -> None:
    assert "waypost db upgrade" in told(sqlite3.OperationalError(cause), "SQLITE_ERROR")


def test_anything_else_quotes_the_driver_and_no_statement() -> None:
    text = told(sqlite3.OperationalError("odd {thing}"), "SQLITE_MISUSE")
    assert text == "The database /var/{0}/w.db cannot be used: odd {thing}."


def test_what_the_module_itself_objects_to_has_a_sentence_too() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        pass
    with pytest.raises(sqlite3.ProgrammingError) as raised:
        connection.execute("SELECT 1")
    assert "closed database" in told(raised.value)
