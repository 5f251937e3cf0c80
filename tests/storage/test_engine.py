import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import Engine, text

from storage.engine import DatabaseUnavailable, database_file, open_engine, transaction
from tests.storage.faults import locked_for_all, locked_for_writing, moved_away


class Away(Exception):
    """What the port under test raises."""


def write(engine: Engine, number: int) -> None:
    with transaction(engine, writes=True, raising=Away) as connection:
        connection.execute(
            text("INSERT INTO versions (name, number) VALUES (:name, :number)"),
            {"name": f"test {number}", "number": number},
        )


def read(engine: Engine) -> list[int]:
    with transaction(engine, writes=False, raising=Away) as connection:
        return list(connection.execute(text("SELECT number FROM versions ORDER BY number")).scalars())


def test_what_was_written_is_read(engine: Engine) -> None:
    write(engine, 1)
    assert read(engine) == [1]


def test_a_block_that_raises_writes_nothing(engine: Engine) -> None:
    def write_and_fail() -> None:
        with transaction(engine, writes=True, raising=Away) as connection:
            connection.execute(text("INSERT INTO versions (name, number) VALUES ('test', 1)"))
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    assert read(engine) == []


def test_a_database_that_is_locked_is_named_and_used_again(engine: Engine, file: Path) -> None:
    with locked_for_writing(file):
        with pytest.raises(Away, match=f"The database {file} is locked by another program"):
            write(engine, 1)
        assert read(engine) == []
    write(engine, 1)
    assert read(engine) == [1]


def test_a_database_that_is_locked_for_all_cannot_be_read(engine: Engine, file: Path) -> None:
    with locked_for_all(file), pytest.raises(Away, match="is locked by another program"):
        read(engine)
    assert read(engine) == []


def test_a_writer_waits_for_another(file: Path) -> None:
    patient = open_engine(f"sqlite:///{file}", busy_timeout=30)
    starting = Event()

    def write_later() -> None:
        starting.set()
        write(patient, 2)

    with locked_for_writing(file):
        thread = Thread(target=write_later)
        thread.start()
        assert starting.wait(10)
    thread.join(30)
    assert read(patient) == [2]


def test_a_writer_holds_the_lock_before_its_first_write(engine: Engine) -> None:
    with transaction(engine, writes=True, raising=Away) as connection:
        connection.execute(text("SELECT 1"))
        with pytest.raises(Away, match="locked"):
            write(engine, 2)


def test_a_reader_keeps_no_writer_out(engine: Engine) -> None:
    with transaction(engine, writes=False, raising=Away) as connection:
        connection.execute(text("SELECT number FROM versions")).all()
        write(engine, 1)
    assert read(engine) == [1]


def test_a_database_that_is_moved_away_is_never_made_anew(engine: Engine, file: Path) -> None:
    write(engine, 1)
    with moved_away(file):
        for _ in range(2):
            with pytest.raises(Away, match=f"The database {file} is missing"):
                write(engine, 2)
            with pytest.raises(Away, match="is missing"):
                read(engine)
            assert not file.exists()
    write(engine, 3)
    assert read(engine) == [1, 3]


def test_each_connection_is_set_up_for_durability(engine: Engine) -> None:
    with transaction(engine, writes=False, raising=Away) as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_failure_quotes_no_values(engine: Engine, file: Path) -> None:
    with closing(sqlite3.connect(file)) as other:
        other.execute("DROP TABLE versions")
    with (
        pytest.raises(Away, match="run `waypost db upgrade`") as failure,
        transaction(engine, writes=True, raising=Away) as connection,
    ):
        connection.execute(text("INSERT INTO versions VALUES (:name, 1)"), {"name": "secret"})
    assert "secret" not in str(failure.value) + str(failure.value.__cause__)


@pytest.mark.parametrize(
    "url", ["", "waypost.db", "sqlite://", "sqlite:///:memory:", "postgresql://me:secret@db.example/waypost"]
)
def test_a_url_that_names_no_file_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(DatabaseUnavailable, match="write sqlite:///PATH") as refused:
        open_engine(url)
    assert "secret" not in str(refused.value)


def test_opening_an_engine_touches_no_file(tmp_path: Path) -> None:
    open_engine(f"sqlite:///{tmp_path}/waypost.db")
    assert list(tmp_path.iterdir()) == []


def test_a_relative_path_is_seen_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert database_file("sqlite:///var/waypost.db") == tmp_path / "var" / "waypost.db"
