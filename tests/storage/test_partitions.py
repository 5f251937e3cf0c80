from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Barrier, Thread

import pytest
from sqlalchemy import Engine, text

from events.ports import EventFilter, StoreUnavailable
from storage.engine import open_engine
from storage.event_store import SqlEventStore
from storage.migrate import upgrade
from storage.partitions import SqlHitPartitions
from tests.events.records import hit, message
from tests.storage.databases import Database


def at(year: int, month: int, day: int = 1) -> int:
    return int(datetime(year, month, day, tzinfo=UTC).timestamp()) * 1000


FAR = at(2090, 3, 10)  # no month of which the migration makes a partition
LATER = at(2090, 6, 30)
YEAR_1970 = 7


@pytest.fixture
def engine(empty: Database) -> Iterator[Engine]:
    """An engine on a database of its own: partitions outlast a test's rows."""
    upgrade(empty.url)
    engine = open_engine(empty.url)
    yield engine
    engine.dispose()


postgresql = pytest.mark.parametrize("empty", ["postgresql"], indirect=True)


def where(engine: Engine) -> dict[str, str]:
    """Return the partition of each hit, by the last digits of its id."""
    with engine.connect() as connection:
        return {
            row.id.lstrip("0"): row.part
            for row in connection.execute(text("SELECT id, tableoid::regclass::text AS part FROM hits"))
        }


def plan(engine: Engine, condition: str) -> str:
    with engine.connect() as connection:
        connection.execute(text("SET enable_seqscan = off"))  # the tables are too small to be worth an index
        return "\n".join(connection.execute(text(f"EXPLAIN SELECT * FROM hits WHERE {condition}")).scalars())


@postgresql
def test_each_month_has_a_partition_and_any_clock_finds_room(engine: Engine) -> None:
    made = SqlHitPartitions(engine).make_ahead(FAR)
    assert made == ["hits_2090_03", "hits_2090_04", "hits_2090_05", "hits_2090_06"]
    times = (FAR, at(2090, 4) - 1, at(2090, 4), at(2090, 7), YEAR_1970, 2**63 - 1)
    SqlEventStore(engine).add([hit(number, at=time) for number, time in enumerate(times, 1)])
    assert where(engine) == {
        "1": "hits_2090_03",
        "2": "hits_2090_03",
        "3": "hits_2090_04",
        "4": "hits_default",
        "5": "hits_default",
        "6": "hits_default",
    }


@postgresql
def test_a_new_database_has_those_of_the_next_months(engine: Engine) -> None:
    today = datetime.now(UTC)
    assert SqlHitPartitions(engine).make_ahead(int(today.timestamp() * 1000)) == []
    SqlEventStore(engine).add([hit(1, at=int(today.timestamp() * 1000))])
    assert where(engine) == {"1": f"hits_{today:%Y_%m}"}


@postgresql
def test_what_lay_in_the_default_partition_moves_into_its_own(engine: Engine) -> None:
    store, partitions = SqlEventStore(engine), SqlHitPartitions(engine)
    store.add([hit(1, at=FAR), hit(2, at=LATER), hit(3, at=YEAR_1970), hit(4, at=at(2089, 1))])
    before = store.events(EventFilter())
    assert {*where(engine).values()} == {"hits_default"}
    assert "hits_2089_01" in partitions.make_ahead(FAR)
    assert where(engine) == {
        "1": "hits_2090_03",
        "2": "hits_2090_06",
        "3": "hits_default",
        "4": "hits_2089_01",
    }
    assert store.events(EventFilter()) == before
    assert partitions.make_ahead(FAR) == []


@postgresql
def test_two_machines_at_once_make_each_once(engine: Engine) -> None:
    SqlEventStore(engine).add([hit(number, at=FAR + number) for number in range(200)])
    barrier, failures = Barrier(4), list[Exception]()

    def make() -> None:
        barrier.wait()
        try:
            SqlHitPartitions(engine).make_ahead(FAR)
        except StoreUnavailable as error:
            failures.append(error)

    threads = [Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert {*where(engine).values()} == {"hits_2090_03"}
    assert len(where(engine)) == 200


@postgresql
def test_a_time_touches_its_partitions_alone_and_a_message_is_found_by_index(engine: Engine) -> None:
    SqlHitPartitions(engine).make_ahead(FAR)
    window = plan(engine, f"at >= {at(2090, 4)} AND at < {at(2090, 5)}")
    assert "hits_2090_04" in window
    assert "hits_2090_05" not in window
    assert "hits_default" not in window
    by_message = plan(engine, "message = 'x'")
    assert "Index" in by_message
    assert "Seq Scan" not in by_message


@postgresql
def test_a_repeated_record_is_there_once(engine: Engine) -> None:
    store = SqlEventStore(engine)
    for _ in range(2):
        store.add([message(), *(hit(number, at=FAR + number) for number in range(100))])
    SqlHitPartitions(engine).make_ahead(FAR)
    store.add([hit(number, at=FAR + number) for number in range(100)])
    assert len(where(engine)) == 100


@postgresql
def test_whole_months_that_are_past_can_be_dropped(engine: Engine) -> None:
    store, partitions = SqlEventStore(engine), SqlHitPartitions(engine)
    partitions.make_ahead(FAR)
    store.add([hit(1, at=FAR), hit(2, at=LATER), hit(3, at=YEAR_1970)])
    assert "hits_2090_03" not in partitions.drop_before(at(2090, 4) - 1)
    assert partitions.drop_before(at(2090, 4)) == ["hits_2090_03"]
    assert partitions.drop_before(at(2090, 4)) == []
    assert where(engine) == {"2": "hits_2090_06", "3": "hits_default"}
    store.add([hit(1, at=FAR)])
    assert where(engine)["1"] == "hits_default"


@postgresql
def test_who_may_make_none_is_told_and_nothing_is_lost(engine: Engine, empty: Database) -> None:
    assert empty.server is not None
    for statement in (
        "CREATE USER guest PASSWORD 'hunter2 @/#'",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO guest",
    ):
        empty.execute(statement)
    guest = open_engine(empty.url.replace("waypost:", "guest:", 1))
    try:
        with pytest.raises(StoreUnavailable, match="grant the rights"):
            SqlHitPartitions(guest).make_ahead(FAR)
        SqlEventStore(guest).add([hit(1, at=FAR)])
    finally:
        guest.dispose()
        empty.execute("DROP OWNED BY guest")
        empty.execute("DROP USER guest")
    assert where(engine) == {"1": "hits_default"}


@pytest.mark.parametrize("empty", ["sqlite"], indirect=True)
def test_a_database_without_partitions_is_left_alone(engine: Engine) -> None:
    partitions = SqlHitPartitions(engine)
    SqlEventStore(engine).add([hit(1)])
    assert (partitions.make_ahead(FAR), partitions.drop_before(LATER)) == ([], [])
    assert len(SqlEventStore(engine).events(EventFilter())) == 1


def test_hits_of_the_version_before_are_kept(empty: Database) -> None:
    upgrade(empty.url, to="0013")
    for number, time in enumerate((at(2026, 1), at(2026, 2) - 1, at(2026, 2), YEAR_1970, FAR)):
        empty.execute(
            "INSERT INTO hits VALUES "
            f"('{number}', {time}, 'click', 1, 'm', NULL, 1, 'u', 'h', '', 'a', 'GET', 'p', 'human', 'r', 7)"
        )
    before = empty.execute("SELECT * FROM hits ORDER BY id")
    upgrade(empty.url)
    assert empty.execute("SELECT * FROM hits ORDER BY id") == before
    if empty.server is not None:
        kept = empty.execute("SELECT tableoid::regclass::text FROM hits ORDER BY at")
        assert [name for (name,) in kept] == [
            "hits_default",
            "hits_2026_01",
            "hits_2026_01",
            "hits_2026_02",
            "hits_default",
        ]
