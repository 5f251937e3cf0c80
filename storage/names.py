"""Names alone, for the completion of a command line: without SQLAlchemy, which takes too long to import."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from enum import Enum
from typing import Final
from urllib.parse import quote

MOST: Final = 100  # names that a shell is offered
SECONDS: Final = 1  # to connect, or for a lock


class Kind(Enum):
    """What is named. The values are queries for the names of a project that begin with something."""

    TRACKING_DOMAIN = (
        "SELECT d.name FROM tracking_domains d JOIN projects p ON p.id = d.project "
        "WHERE p.name = {0} AND substr(d.name, 1, length({0})) = {0} AND d.state <> 'retired' "
        "ORDER BY d.name LIMIT {0}"
    )
    SENDING_DOMAIN = (
        "SELECT d.name FROM sending_domains d JOIN projects p ON p.id = d.project "
        "WHERE p.name = {0} AND substr(d.name, 1, length({0})) = {0} ORDER BY d.name LIMIT {0}"
    )
    PROJECT = (  # all of them; the first value is the project of the others
        "SELECT name FROM projects WHERE CAST({0} AS TEXT) <> '' AND substr(name, 1, length({0})) = {0} "
        "ORDER BY name LIMIT {0}"
    )


class NamesUnavailable(Exception):
    """The database cannot be asked."""


def names(url: str, password: str | None, kind: Kind, project: str, beginning: str) -> list[str]:
    """Return the first of them in order. `url` as the settings have it. Raises `NamesUnavailable`."""
    values = (project, beginning, beginning, MOST)
    if url.startswith("sqlite:///"):
        return _of_sqlite(url.removeprefix("sqlite:///"), kind.value.format("?"), values)
    return _of_postgresql(url, password, kind.value.format("%s"), values)


def _of_sqlite(path: str, query: str, values: Sequence[str | int]) -> list[str]:
    try:
        with closing(sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, timeout=SECONDS)) as connection:
            return [name for (name,) in connection.execute(query, values)]
    except sqlite3.Error as error:
        raise NamesUnavailable(str(error)) from None


def _of_postgresql(url: str, password: str | None, query: str, values: Sequence[str | int]) -> list[str]:
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=SECONDS, password=password) as connection:
            return [name for (name,) in connection.execute(query.encode(), values)]
    except psycopg.Error as error:
        raise NamesUnavailable(type(error).__name__) from None
