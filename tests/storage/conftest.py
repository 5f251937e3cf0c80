import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from storage.engine import open_engine
from storage.migrate import upgrade
from tests.postgresql import PostgreSQL
from tests.storage.databases import Database, Databases


@pytest.fixture(scope="session")
def databases(postgresql: PostgreSQL) -> Databases:
    """The databases on it."""
    return Databases(postgresql)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file of this version to copy: migrating takes longer than most tests."""
    file = tmp_path_factory.mktemp("migrated") / "waypost.sqlite"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without tables; for SQLite the place for one."""
    if request.param == "sqlite":
        yield Database(url=f"sqlite:///{tmp_path}/waypost.sqlite")
    else:
        with request.getfixturevalue("databases").empty() as database:
            yield database


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of this version."""
    if request.param == "sqlite":
        file = shutil.copy(request.getfixturevalue("migrated"), tmp_path)
        yield Database(url=f"sqlite:///{file}")
    else:
        with request.getfixturevalue("databases").current() as database:
            yield database


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """An engine on it that does not wait for a lock."""
    engine = open_engine(database.url, lock_timeout=0)
    yield engine
    engine.dispose()
