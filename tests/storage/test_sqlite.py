import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, make_url, text

from events.ports import EventFilter
from storage.engine import let_go, open_engine, transaction
from storage.event_store import SqlEventStore
from storage.failures import DatabaseUnavailable
from storage.migrate import upgrade
from storage.schema_version import is_current
from storage.sqlite import database_file, wipe
from tests.storage.databases import Database
from tests.storage.faults import locked_for_all, locked_for_writing, moved_away
from tests.storage.transactions import Away, read, write


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """A file of this version."""
    database = Database(url=f"sqlite:///{tmp_path}/waypost.sqlite")
    upgrade(database.url)
    return database


@pytest.fixture
def loose_umask() -> Iterator[None]:
    """The umask that hides nothing, so that modes are the code's own."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_database_that_is_locked_is_named_and_used_again(engine: Engine, database: Database) -> None:
    with locked_for_writing(database):
        with pytest.raises(Away, match=f"The database {database.file} is locked by another program"):
            write(engine, 1)
        assert read(engine) == []
    write(engine, 1)
    assert read(engine) == [1]


def test_a_database_that_is_locked_for_all_cannot_be_read(engine: Engine, database: Database) -> None:
    with locked_for_all(database), pytest.raises(Away, match="is locked by another program"):
        read(engine)
    assert read(engine) == []


def test_a_writer_holds_the_lock_before_its_first_write(engine: Engine) -> None:
    with transaction(engine, writes=True, raising=Away) as connection:
        connection.execute(text("SELECT 1"))
        with pytest.raises(Away, match="locked"):
            write(engine, 2)


def test_many_threads_that_write_wait_for_their_turn(database: Database) -> None:
    engine = open_engine(database.url)
    # Not one of them may have to ask SQLite twice.
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 0"))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(partial(write, engine), range(80)))
    assert sorted(read(engine)) == list(range(80))


def test_a_thread_that_waits_for_long_is_refused(database: Database) -> None:
    engine = open_engine(database.url, lock_timeout=0.01)
    with (
        ThreadPoolExecutor(1) as pool,
        transaction(engine, writes=True, raising=Away),
        pytest.raises(Away, match="locked"),
    ):
        pool.submit(write, engine, 1).result()
    write(engine, 2)
    assert read(engine) == [2]


def test_a_database_that_is_moved_away_is_never_made_anew(engine: Engine, database: Database) -> None:
    write(engine, 1)
    with moved_away(database):
        for _ in range(2):
            with pytest.raises(Away, match=f"The database {database.file} is missing"):
                write(engine, 2)
            with pytest.raises(Away, match="is missing"):
                read(engine)
            assert not database.file.exists()
    write(engine, 3)
    assert read(engine) == [1, 3]


def test_each_connection_is_set_up_for_durability(engine: Engine) -> None:
    with transaction(engine, writes=False, raising=Away) as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_opening_an_engine_touches_no_file(tmp_path: Path) -> None:
    open_engine(f"sqlite:///{tmp_path}/waypost.db")
    assert list(tmp_path.iterdir()) == []


def test_a_relative_path_is_seen_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert database_file(make_url("sqlite:///var/waypost.db")) == tmp_path / "var" / "waypost.db"


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


def test_asking_a_database_that_is_missing_does_not_make_it(tmp_path: Path) -> None:
    file = tmp_path / "waypost.db"
    with pytest.raises(DatabaseUnavailable, match="is missing"):
        is_current(open_engine(f"sqlite:///{file}"))
    assert not file.exists()


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseUnavailable, match=r"cannot be created: .*\.$"):
        upgrade(f"sqlite:///{tmp_path}/file/waypost.db")


def test_a_connection_that_is_kept_leaves_a_file_that_was_replaced(database: Database) -> None:
    keeping = open_engine(database.url, kept=1)
    write(keeping, 1)
    assert read(keeping) == [1]
    keeping_no_more = open_engine(database.url)
    shutil.copy(database.file, saved := database.file.with_suffix(".saved"))
    with closing(sqlite3.connect(saved)) as copied:
        copied.execute("DELETE FROM versions")
        copied.commit()
    for name in ("-wal", "-shm"):
        Path(f"{database.file}{name}").unlink()
    saved.rename(database.file)
    assert read(keeping) == read(keeping_no_more) == []
    write(keeping, 2)
    assert read(keeping_no_more) == [2]
    keeping.dispose()


def test_a_connection_that_is_kept_writes_to_no_log_that_was_removed(database: Database) -> None:
    keeping = open_engine(database.url, kept=1)
    write(keeping, 1)
    for name in ("-wal", "-shm"):
        Path(f"{database.file}{name}").unlink()
    write(keeping, 2)
    keeping.dispose()
    assert 2 in read(open_engine(database.url))


def test_a_connection_that_is_kept_does_not_keep_the_log_from_being_wiped(
    engine: Engine, database: Database
) -> None:
    keeping = open_engine(database.url, kept=1)
    write(keeping, 1)
    assert wipe(engine)
    assert Path(f"{database.file}-wal").stat().st_size == 0
    assert read(keeping) == [1]
    keeping.dispose()


def test_a_connection_that_was_let_go_leaves_all_in_the_file(database: Database) -> None:
    keeping = open_engine(database.url, kept=2)
    with transaction(keeping, writes=False, raising=Away):
        write(keeping, 1)
        let_go(keeping)
    log = Path(f"{database.file}-wal")
    assert log.exists()  # one was in use
    assert read(keeping) == [1]
    let_go(keeping)
    assert not log.exists()
    keeping.dispose()


def test_outcomes_of_a_project_are_read_along_the_index_on_time(engine: Engine) -> None:
    asked: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *said: asked.append((said[2], said[3])))
    SqlEventStore(engine).events_beyond(EventFilter(project=1), None)
    [(statement, values)] = [each for each in asked if "FROM outcomes" in each[0]]
    with engine.connect() as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
    assert plan[0] == "SCAN outcomes USING INDEX ix_outcomes_at_id"
    assert not any("TEMP B-TREE" in step for step in plan)
    # Where there are many, SQLite would read them all to make a Bloom filter for the join.
    assert not any("recipients" in step and "JOIN" in step for step in plan)
