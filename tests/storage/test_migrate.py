import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect

import storage.event_tables  # noqa: F401 - puts its tables into the metadata
from storage.account_store import SqlAccountStore
from storage.domain_store import SqlDomainStore
from storage.engine import DatabaseUnavailable, open_engine, transaction
from storage.metadata import metadata
from storage.migrate import is_current, upgrade


@pytest.fixture
def loose_umask() -> Iterator[None]:
    """The umask that hides nothing, so that modes are the code's own."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def execute(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(statement)


def schema(file: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql NOT NULL AND name != 'alembic_version' ORDER BY 1"
        ).fetchall()


def rows(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of the tables that are Waypost's own."""
    with closing(sqlite3.connect(file)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: connection.execute(f"SELECT * FROM {name}").fetchall()
            for (name,) in names
            if name != "alembic_version" and not name.startswith("sqlite_")
        }


@pytest.mark.usefixtures("loose_umask")
def test_only_its_owner_can_read_a_new_database(tmp_path: Path) -> None:
    file = tmp_path / "var" / "waypost.db"
    upgrade(f"sqlite:///{file}")
    assert mode(file.parent) == 0o700
    assert mode(file) == 0o600
    engine = open_engine(f"sqlite:///{file}")
    with transaction(engine, writes=True, raising=DatabaseUnavailable) as connection:
        connection.exec_driver_sql("INSERT INTO versions VALUES ('test', 1)")
        assert {path.name: mode(path) for path in file.parent.iterdir()} == {
            "waypost.db": 0o600,
            "waypost.db-wal": 0o600,
            "waypost.db-shm": 0o600,
        }


def test_the_migrations_give_exactly_the_tables_of_the_stores(engine: Engine) -> None:
    with transaction(engine, writes=False, raising=DatabaseUnavailable) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert set(inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_the_migrations_give_the_statements_that_the_stores_would(file: Path, tmp_path: Path) -> None:
    """The comparison above is blind for what SQLite does not reflect, such as AUTOINCREMENT."""
    wanted = tmp_path / "wanted.sqlite"
    engine = create_engine(f"sqlite:///{wanted}")
    metadata.create_all(engine)
    engine.dispose()
    assert [(name, " ".join(sql.split())) for name, sql in schema(file)] == [
        (name, " ".join(sql.split())) for name, sql in schema(wanted)
    ]


def test_repeating_it_changes_nothing(file: Path, engine: Engine) -> None:
    execute(file, "INSERT INTO versions VALUES ('test', 1)")
    before = schema(file)
    upgrade(f"sqlite:///{file}")
    assert schema(file) == before
    assert is_current(engine)
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT * FROM versions").fetchall() == [("test", 1)]


def test_a_database_of_the_first_version_keeps_its_rows(tmp_path: Path) -> None:
    file = tmp_path / "waypost.db"
    upgrade(f"sqlite:///{file}", to="0001")
    execute(
        file,
        "INSERT INTO tracking_domains VALUES "
        "(1, 1, 'track.example.com', 't.waypost.test', 'verified', 1, '', '2026-03-01 12:00:00.000000', "
        "NULL, NULL)",
    )
    execute(file, "INSERT INTO sending_domains VALUES (1, 1, 'example.com', 1, '2026-03-01 12:00:00.000000')")
    execute(file, "INSERT INTO versions VALUES ('domains', 7)")
    execute(
        file,
        "INSERT INTO hits VALUES ('ab', 5, 'click', 1, 'm', 'r', 1, 'https://example.com/', 'h', 'a', 'u', "
        "'GET')",
    )
    execute(file, "INSERT INTO messages VALUES ('m', 5, 1, 's', '', 'example.com', '', 0, 'on', 9)")
    before = rows(file)
    upgrade(f"sqlite:///{file}")
    after = rows(file)
    assert {
        table: [row[: len(old)] for row, old in zip(after[table], before[table], strict=True)]
        for table in before
    } == before
    assert [row[-2:] for row in after["sending_domains"]] == [(None, 100)]
    assert [row[10:] for row in after["messages"]] == [(0, 0, "", "{}", "[]", "{}", "[]")]
    assert [row[:2] for row in after["projects"]] == [(1, "default")]
    engine = open_engine(f"sqlite:///{file}")
    assert SqlDomainStore(engine).version() == 7
    [default] = SqlAccountStore(engine).projects()
    assert default.created_at <= datetime.now(UTC)


def test_an_empty_file_is_not_current_until_it_is_upgraded(tmp_path: Path) -> None:
    file = tmp_path / "waypost.db"
    file.touch()
    engine = open_engine(f"sqlite:///{file}")
    assert not is_current(engine)
    upgrade(f"sqlite:///{file}")
    assert is_current(engine)


def test_a_database_of_a_newer_version_is_refused_and_left_alone(file: Path, engine: Engine) -> None:
    execute(file, "UPDATE alembic_version SET version_num = '9999'")
    assert not is_current(engine)
    before = schema(file)
    with pytest.raises(DatabaseUnavailable, match="newer Waypost"):
        upgrade(f"sqlite:///{file}")
    assert schema(file) == before


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / "waypost.db"
    execute(file, "CREATE TABLE hits (id TEXT)")
    before = schema(file)
    with pytest.raises(DatabaseUnavailable):
        upgrade(f"sqlite:///{file}")
    assert schema(file) == before


def test_asking_a_database_that_is_missing_does_not_make_it(tmp_path: Path) -> None:
    file = tmp_path / "waypost.db"
    with pytest.raises(DatabaseUnavailable, match="is missing"):
        is_current(open_engine(f"sqlite:///{file}"))
    assert not file.exists()


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseUnavailable, match=r"cannot be created: .*\.$"):
        upgrade(f"sqlite:///{tmp_path}/file/waypost.db")


def test_it_logs_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    upgrade(f"sqlite:///{tmp_path}/waypost.db")
    assert caplog.records == []
