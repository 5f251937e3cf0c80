import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from storage.failures import sentence, shown, was_given_up


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


class ServerSaid(Exception):
    """An error as psycopg raises it."""

    def __init__(self, text: str, sqlstate: str | None) -> None:
        super().__init__(text)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("25006", "takes no changes"),
        ("40001", "is locked"),
        ("40P01", "is locked"),
        ("42501", "docs/database.md"),
        ("42703", "waypost db upgrade"),
        ("42P01", "waypost db upgrade"),
        ("53100", "is full"),
        ("53300", "no connection left"),
        ("55P03", "is locked"),
        ("57014", "took too long"),
        ("57P01", "stopped or started"),
        ("57P02", "stopped or started"),
        ("57P03", "stopped or started"),
    ],
)
def test_each_code_of_postgresql_has_its_sentence(code: str, said: str) -> None:
    text = told(ServerSaid("what the server says", code))
    assert said in text
    assert text.endswith(".")
    assert "/var/{0}/w.db" in text
    assert "what the server says" not in text


def test_of_what_postgresql_says_the_first_line_is_quoted() -> None:
    cause = ServerSaid('value "{1}" is odd\nDETAIL:  Key (address)=(ann@example.net).', "22P02")
    assert told(cause) == 'The database /var/{0}/w.db cannot be used: value "{1}" is odd.'


def test_a_connection_that_was_never_made_is_told_without_its_preamble() -> None:
    cause = ServerSaid('connection to server at "db", port 5432 failed: FATAL:  too bad.\n', None)
    assert told(cause) == "The database /var/{0}/w.db cannot be reached: too bad."


@pytest.mark.parametrize(
    ("cause", "given_up"),
    [
        (ServerSaid("", "40001"), True),
        (ServerSaid("", "40P01"), True),
        (ServerSaid("", "53100"), False),
        (ServerSaid("", None), False),
        (sqlite3.OperationalError(""), False),
    ],
)
def test_only_what_the_server_undid_for_another_is_done_again(cause: BaseException, given_up: bool) -> None:
    assert was_given_up(OperationalError("INSERT", {}, cause)) is given_up


def test_any_other_error_is_not_done_again() -> None:
    assert not was_given_up(None)
    assert not was_given_up(KeyError())


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:////var/w.db", "/var/w.db"),
        ("postgresql://me:secret@db.example/waypost", "waypost on db.example"),
        ("postgresql://me:secret@db.example:6432/waypost", "waypost on db.example:6432"),
        ("postgresql:///waypost", "waypost on this machine"),
        ("postgresql://me:secret@/waypost?host=/run/postgresql", "waypost on /run/postgresql"),
        ("postgresql://me@/waypost?host=a.example&host=b.example", "waypost on a.example,b.example"),
    ],
)
def test_a_database_is_named_without_user_and_password(url: str, name: str) -> None:
    assert shown(make_url(url)) == name
