from collections.abc import Iterator
from threading import Event, Thread

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import OperationalError

from storage.engine import database_url, let_go, open_engine, reading_together, repeatedly, transaction
from storage.failures import DatabaseUnavailable
from tests.storage.databases import Database
from tests.storage.faults import (
    Fault,
    each_fault_beside_open_connections,
    each_fault_for_readers,
    each_fault_for_writers,
    each_writer_in_between,
)
from tests.storage.transactions import Away, read, write


@pytest.fixture
def keeping(database: Database) -> Iterator[Engine]:
    """An engine that keeps connections open."""
    engine = open_engine(database.url, kept=2)
    yield engine
    engine.dispose()


@pytest.fixture
def begun(engine: Engine) -> list[Connection]:
    """The transactions of the engine, as they begin."""
    found: list[Connection] = []
    event.listen(engine, "begin", found.append)
    return found


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


@each_fault_beside_open_connections
def test_connections_that_are_kept_are_left_after_a_fault(
    keeping: Engine, engine: Engine, database: Database, fault: Fault
) -> None:
    write(keeping, 1)
    with fault(database):
        for _ in range(2):
            with pytest.raises(Away, match=r"\.$"):
                write(keeping, 2)
    write(keeping, 3)
    assert read(engine) == read(keeping) == [1, 3]


def test_connections_are_kept(keeping: Engine) -> None:
    opened: list[object] = []
    event.listen(keeping, "connect", lambda connection, _: opened.append(connection))
    for number in range(5):
        write(keeping, number)
        assert read(keeping)[-1] == number
    assert len(opened) == 1
    let_go(keeping)
    assert read(keeping) == [*range(5)]
    assert len(opened) == (2 if keeping.dialect.name == "sqlite" else 1)


@each_fault_for_writers
def test_a_writer_is_told_what_is_wrong_and_goes_on_after_it(
    engine: Engine, database: Database, fault: Fault
) -> None:
    write(engine, 1)
    with fault(database):
        for _ in range(2):
            with pytest.raises(Away, match=r"\.$"):
                write(engine, 2)
    write(engine, 3)
    assert read(engine) == [1, 3]


@each_fault_for_readers
def test_a_reader_is_told_what_is_wrong_and_goes_on_after_it(
    engine: Engine, database: Database, fault: Fault
) -> None:
    write(engine, 1)
    with fault(database), pytest.raises(Away, match=r"\.$"):
        read(engine)
    assert read(engine) == [1]


def test_what_is_read_together_is_of_one_moment(
    engine: Engine, database: Database, begun: list[Connection]
) -> None:
    other = open_engine(database.url)
    write(engine, 1)
    begun.clear()
    with reading_together(engine):
        assert read(engine) == [1]
        write(other, 2)
        assert read(engine.execution_options(some="option")) == [1]
        assert len(begun) == 1
        assert read(other) == [1, 2]  # another engine
    assert read(engine) == [1, 2]
    other.dispose()


def test_nothing_is_begun_where_nothing_is_read(engine: Engine, begun: list[Connection]) -> None:
    with reading_together(engine):
        pass
    assert begun == []


def test_a_change_ends_what_is_read_together(engine: Engine, begun: list[Connection]) -> None:
    with reading_together(engine):
        assert read(engine) == []
        write(engine, 1)
        assert read(engine) == read(engine) == [1]
        assert len(begun) == 3
        with transaction(engine, writes=False, raising=Away) as connection:
            write(engine, 2)
            count = text("SELECT count(*) FROM versions")
            assert connection.execute(count).scalar_one() == 1  # who reads already goes on in its moment
        assert read(engine) == [1, 2]


def test_what_is_read_together_is_read_by_one_thread(engine: Engine) -> None:
    seen: list[list[int]] = []
    with reading_together(engine):
        read(engine)
        write(engine, 1)
        thread = Thread(target=lambda: seen.append(read(engine)))
        thread.start()
        thread.join()
    assert seen == [[1]]


@each_fault_for_readers
def test_what_is_read_together_goes_on_after_a_failure(
    engine: Engine, database: Database, fault: Fault
) -> None:
    write(engine, 1)
    with reading_together(engine):
        with fault(database), pytest.raises(Away, match=r"\.$"):
            read(engine)
        assert read(engine) == [1]


@each_writer_in_between
def test_a_writer_waits_for_another(database: Database, fault: Fault) -> None:
    patient = open_engine(database.url, lock_timeout=30)
    starting = Event()

    def write_later() -> None:
        starting.set()
        write(patient, 2)

    with fault(database):
        thread = Thread(target=write_later)
        thread.start()
        assert starting.wait(10)
    thread.join(30)
    assert read(patient) == [2]
    patient.dispose()


def test_a_reader_keeps_no_writer_out_and_sees_one_state(engine: Engine) -> None:
    with transaction(engine, writes=False, raising=Away) as connection:
        query = text("SELECT number FROM versions")
        assert connection.execute(query).all() == []
        write(engine, 1)
        assert connection.execute(query).all() == []
    assert read(engine) == [1]


def test_a_failure_quotes_no_values(engine: Engine, database: Database) -> None:
    database.execute("DROP TABLE versions")
    with (
        pytest.raises(Away, match="run `waypost db upgrade`") as failure,
        transaction(engine, writes=True, raising=Away) as connection,
    ):
        connection.execute(text("INSERT INTO versions VALUES (:name, 1)"), {"name": "secret"})
    assert "secret" not in str(failure.value) + str(failure.value.__cause__)


class GivenUp(Exception):
    """A deadlock, as psycopg tells of it."""

    sqlstate = "40P01"


class DiskFull(Exception):
    """A failure that repeating does not mend."""

    sqlstate = "53100"


def failing(times: int, cause: type[Exception], done: list[int]) -> object:
    """Return work that fails so often before it succeeds."""

    def work(connection: Connection) -> None:
        done.append(len(done))
        connection.execute(
            text("INSERT INTO versions VALUES (:name, :number)"),
            {"name": f"test {done[-1]}", "number": done[-1]},
        )
        if len(done) <= times:
            raise OperationalError("INSERT", {}, cause())

    return work


def test_work_that_another_transaction_undid_is_done_again(engine: Engine) -> None:
    done: list[int] = []
    repeatedly(engine, failing(2, GivenUp, done), raising=Away)  # type: ignore[arg-type]
    assert read(engine) == [2]


@pytest.mark.parametrize(("cause", "attempts"), [(GivenUp, 3), (DiskFull, 1)])
def test_work_that_fails_for_good_is_given_up(engine: Engine, cause: type[Exception], attempts: int) -> None:
    done: list[int] = []
    with pytest.raises(Away):
        repeatedly(engine, failing(9, cause, done), raising=Away)  # type: ignore[arg-type]
    assert len(done) == attempts
    assert read(engine) == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "waypost.db",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://me:secret@db.example/waypost",
        "postgresql+psycopg2://me:secret@db.example/waypost",
        "postgresql://me:secret@db.example:port/waypost",
        "postgresql://me:secret@db.example",
    ],
)
def test_a_url_that_names_no_database_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(DatabaseUnavailable, match="; write ") as refused:
        open_engine(url)
    assert "secret" not in str(refused.value)


def test_a_password_replaces_the_one_in_the_url() -> None:
    assert database_url("postgresql://me@db/w", "p@ss").password == "p@ss"
    assert database_url("postgresql://me:old@db/w", "new").password == "new"
    assert database_url("postgresql://me:old@db/w").password == "old"
    assert "p@ss" not in repr(database_url("postgresql://me@db/w", "p@ss"))
