import importlib
import pkgutil
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, MetaData, inspect
from sqlalchemy.schema import CreateIndex, CreateTable

import storage
from domains.model import Https
from storage.account_store import SqlAccountStore
from storage.domain_store import SqlDomainStore
from storage.engine import open_engine
from storage.failures import DatabaseUnavailable
from storage.metadata import metadata
from storage.migrate import upgrade
from storage.schema_version import is_current, newest_revision
from tests.storage.databases import Database

for module in pkgutil.iter_modules(storage.__path__, "storage."):
    importlib.import_module(module.name)  # so that all tables are known

OF_THE_FIRST_VERSION = (
    "INSERT INTO tracking_domains VALUES (1, 1, 'track.example.com', 't.waypost.test', 'verified', true, '', "
    "'2026-03-01 12:00:00.000000', NULL, NULL)",
    "INSERT INTO sending_domains VALUES (1, 1, 'example.com', 1, '2026-03-01 12:00:00.000000')",
    "INSERT INTO versions VALUES ('domains', 7)",
    "INSERT INTO hits VALUES ('ab', 5, 'click', 1, 'm', 'r', 1, 'https://a.example/', 'h', '', 'u', 'GET')",
    "INSERT INTO messages VALUES ('m', 5, 1, 's', '', 'example.com', '', 0, 'on', 9)",
)


def partitions(engine: Engine) -> set[str]:
    """Return the names of tables that are parts of another one."""
    if engine.dialect.name == "sqlite":
        return set()
    with engine.connect() as connection:
        named = connection.exec_driver_sql("SELECT relname FROM pg_class WHERE relispartition")
        return {*named.scalars()}


def schema(database: Database) -> list[str]:
    """Return the statements that made the tables, or would make them as they are, Alembic's own left out."""
    if database.server is None:  # which reflects less than it knows: no AUTOINCREMENT
        made = database.execute("SELECT sql FROM sqlite_master WHERE name != 'alembic_version' ORDER BY name")
        return [" ".join(sql.split()) for (sql,) in made if sql]
    engine = database.outside()
    found = MetaData()
    found.reflect(engine)
    statements = [
        str(statement.compile(engine))
        for table in found.sorted_tables
        if table.name != "alembic_version" and table.name not in partitions(engine)
        for statement in (CreateTable(table), *map(CreateIndex, sorted(table.indexes, key=str)))
    ]
    engine.dispose()
    return statements


def rows(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of the tables that are Waypost's own and are there."""
    engine = database.outside()
    names = {*inspect(engine).get_table_names()} & {*metadata.tables}
    engine.dispose()
    return {name: database.execute(f"SELECT * FROM {name}") for name in names}


def test_the_migrations_give_exactly_the_tables_of_the_stores(empty: Database) -> None:
    upgrade(empty.url)
    engine = empty.outside()
    with engine.connect() as connection:
        parts = partitions(engine)
        opts = {"compare_type": True, "include_name": lambda name, *_: name not in parts}
        assert compare_metadata(MigrationContext.configure(connection, opts=opts), metadata) == []
        tables = set(inspect(connection).get_table_names())
        assert tables - parts == {*metadata.tables, "alembic_version"}
    engine.dispose()


def test_the_migrations_give_the_statements_that_the_stores_would(empty: Database) -> None:
    """The comparison above is blind for some of it, such as AUTOINCREMENT and the conditions of indexes."""
    upgrade(empty.url)
    migrated = schema(empty)
    engine = empty.outside()
    metadata.drop_all(engine)
    metadata.create_all(engine)
    engine.dispose()
    assert schema(empty) == migrated


def test_repeating_it_changes_nothing(database: Database, engine: Engine) -> None:
    database.execute("INSERT INTO versions VALUES ('test', 1)")
    before = schema(database), rows(database)
    upgrade(database.url)
    assert (schema(database), rows(database)) == before
    assert is_current(engine)


def test_a_database_of_the_first_version_keeps_its_rows(empty: Database) -> None:
    upgrade(empty.url, to="0001")
    for statement in OF_THE_FIRST_VERSION:
        empty.execute(statement)
    before = rows(empty)
    upgrade(empty.url)
    after = rows(empty)
    assert {
        table: [row[: len(old)] for row, old in zip(after[table], before[table], strict=True)]
        for table in before
    } == before
    [(*_, tracking, share, _, token, verified_at, recipients)] = after["sending_domains"]
    assert (tracking, share, len(str(token)), verified_at, recipients) == (None, 100, 32, None, None)
    engine = open_engine(empty.url)
    assert SqlDomainStore(engine).version() == 7
    [domain] = SqlDomainStore(engine).tracking_domains()
    assert (domain.https, domain.pending_since, domain.doubts) == (Https.AUTO, None, 0)
    assert domain.next_check_at is not None
    assert domain.next_check_at <= datetime.now(UTC)
    [default] = SqlAccountStore(engine).projects()
    assert (default.id, default.name) == (1, "default")
    assert default.created_at <= datetime.now(UTC)
    engine.dispose()


def test_an_empty_database_is_not_current_until_it_is_upgraded(empty: Database) -> None:
    if empty.server is None:
        empty.file.touch()
    engine = open_engine(empty.url)
    assert not is_current(engine)
    with pytest.raises(DatabaseUnavailable, match=f"{empty.shown} is empty; run `waypost db upgrade`"):
        upgrade(empty.url, create=False)
    assert not is_current(engine)
    upgrade(empty.url)
    assert is_current(engine)
    engine.dispose()


def test_a_database_that_is_there_needs_no_making(database: Database, engine: Engine) -> None:
    upgrade(database.url, create=False)
    assert is_current(engine)


def test_a_database_of_a_newer_version_is_refused_and_left_alone(empty: Database) -> None:
    upgrade(empty.url)
    empty.execute("UPDATE alembic_version SET version_num = '9999'")
    engine = open_engine(empty.url)
    assert not is_current(engine)
    engine.dispose()
    before = schema(empty)
    with pytest.raises(DatabaseUnavailable, match="newer Waypost"):
        upgrade(empty.url)
    assert schema(empty) == before


def test_a_migration_that_fails_leaves_nothing_behind(empty: Database) -> None:
    empty.execute("CREATE TABLE hits (id TEXT)")
    before = schema(empty)
    with pytest.raises(DatabaseUnavailable):
        upgrade(empty.url)
    assert schema(empty) == before


def test_it_logs_nothing(empty: Database, caplog: pytest.LogCaptureFixture) -> None:
    upgrade(empty.url)
    assert caplog.records == []


def test_the_newest_migration_is_the_one_that_alembic_would_end_with(
    database: Database, engine: Engine
) -> None:
    with engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_heads() == (newest_revision(),)
