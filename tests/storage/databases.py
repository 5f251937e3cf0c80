"""A database for one test: where it is, and the way to it that goes past Waypost."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, create_engine, make_url

from storage.metadata import metadata
from storage.migrate import upgrade
from tests.postgresql import PostgreSQL


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """`server` is None for SQLite."""

    url: str
    server: PostgreSQL | None = None

    @property
    def name(self) -> str:
        """Its name on the server, or its file."""
        return str(make_url(self.url).database)

    @property
    def shown(self) -> str:
        """What sentences call it."""
        return self.name if self.server is None else f"{self.name} on 127.0.0.1:{self.server.port}"

    @property
    def file(self) -> Path:
        """SQLite's file."""
        assert self.server is None
        return Path(self.name)

    def outside(self) -> Engine:
        """Return an engine as any other program would have it."""
        return create_engine(self.url.replace("postgresql://", "postgresql+psycopg://"))

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement past Waypost, and return its rows."""
        engine = self.outside()
        try:
            with engine.begin() as connection:
                result = connection.exec_driver_sql(statement)
                return [tuple(row) for row in result] if result.returns_rows else []
        finally:
            engine.dispose()

    def everything(self) -> str:
        """Return all that is there: SQLite's files octet by octet, of PostgreSQL the text of every row."""
        if self.server is None:
            files = [self.file, self.file.with_name(self.file.name + "-wal")]
            return "".join(file.read_bytes().decode("latin-1") for file in files if file.exists())
        tables = self.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
        rows = (row for (table,) in tables for row in self.execute(f"SELECT t::text FROM {table} t"))
        return "\n".join(text for (text,) in rows)


class Databases:
    """Databases on a server. Making one takes a tenth of a second, so that one is emptied and used again."""

    def __init__(self, server: PostgreSQL) -> None:
        self._server = server
        self._numbers = count()
        self._clean: list[str] = []

    @contextmanager
    def empty(self) -> Iterator[Database]:
        """Make one without tables."""
        name = f"waypost_{next(self._numbers)}"
        self._server.execute("CREATE DATABASE {}", name)
        yield self._database(name)
        self._server.execute("DROP DATABASE {} WITH (FORCE)", name)

    @contextmanager
    def current(self) -> Iterator[Database]:
        """Give out one with the tables of this version, which hold what a new one holds."""
        name = self._clean.pop() if self._clean else self._new()
        yield self._database(name)
        try:
            self._empty(name)
        except psycopg.Error:
            self._server.execute("DROP DATABASE {} WITH (FORCE)", name)
        else:
            self._clean.append(name)

    def _database(self, name: str) -> Database:
        return Database(url=self._server.url(name), server=self._server)

    def _new(self) -> str:
        name = f"waypost_{next(self._numbers)}"
        self._server.execute("CREATE DATABASE {}", name)
        upgrade(self._server.url(name))
        self._server.execute("CREATE TABLE first_projects AS TABLE projects", database=name)
        return name

    def _empty(self, name: str) -> None:
        deletions = "; ".join(f"DELETE FROM {table.name}" for table in reversed(metadata.sorted_tables))
        self._server.execute(f"{deletions}; INSERT INTO projects TABLE first_projects", database=name)
