import re
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Engine, make_url, text

from accounts.errors import AccountError
from events.ports import EventFilter
from storage.account_store import SqlAccountStore
from storage.domain_store import SqlDomainStore
from storage.engine import open_engine, transaction
from storage.event_store import SqlEventStore
from storage.failures import DatabaseUnavailable
from storage.migrate import upgrade
from tests.accounts.builders import NOW
from tests.events.records import hit, message
from tests.postgresql import PASSWORD, PostgreSQL
from tests.storage.databases import Database
from tests.storage.transactions import Away, read, write

DOCUMENT = (Path(__file__).parents[2] / "docs/database.md").read_text()

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


def test_a_connection_that_was_cut_is_replaced(engine: Engine, database: Database) -> None:
    assert database.server is not None
    write(engine, 1)
    database.server.disconnect_all(database.name)
    write(engine, 2)
    assert read(engine) == [1, 2]


def test_a_server_that_was_stopped_is_used_again(engine: Engine, database: Database) -> None:
    assert database.server is not None
    write(engine, 1)
    database.server.stop()
    try:
        with pytest.raises(Away, match=f"The database {database.shown} cannot be reached: .*refused") as told:
            read(engine)
        assert "\n" not in str(told.value)
    finally:
        database.server.start()
    assert read(engine) == [1]


def test_a_transaction_that_is_cut_off_is_undone(engine: Engine, database: Database) -> None:
    assert database.server is not None
    insertion = text("INSERT INTO versions VALUES (:name, 1)")

    def write_and_be_cut_off(server: PostgreSQL) -> None:
        with transaction(engine, writes=True, raising=Away) as connection:
            connection.execute(insertion, {"name": "first"})
            server.disconnect_all(database.name)
            connection.execute(insertion, {"name": "second"})

    with pytest.raises(Away, match="is being stopped or started; try again"):
        write_and_be_cut_off(database.server)
    assert read(engine) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password": "wrong"}, "password authentication failed"),
        ({"password": None}, "no password supplied"),
        ({"database": "nothing"}, 'database "nothing" does not exist'),
        ({"username": "nobody"}, "password authentication failed"),
    ],
)
def test_who_may_not_come_in_is_told_why_and_no_password(
    database: Database, change: dict[str, str], said: str
) -> None:
    engine = open_engine(make_url(database.url).set(**change))  # type: ignore[arg-type]
    if change.get("password", "") is None:
        engine = open_engine(database.url.replace(":hunter2%20%40%2F%23@", "@"))
    with pytest.raises(Away, match=said) as told:
        read(engine)
    assert PASSWORD not in str(told.value) + str(told.value.__cause__) + repr(engine.url)


def test_a_session_is_bounded_and_the_url_may_say_otherwise(database: Database) -> None:
    wanted = ("statement_timeout", "lock_timeout", "TimeZone", "application_name")

    def settings_of(url: str) -> list[str]:
        engine = open_engine(url)
        with transaction(engine, writes=False, raising=Away) as connection:
            found = [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in wanted]
        engine.dispose()
        return found

    assert settings_of(database.url) == ["30s", "5s", "UTC", "waypost"]
    own = f"{database.url}?options=-c%20statement_timeout%3D7s&application_name=relay-2"
    assert settings_of(own) == ["7s", "5s", "UTC", "relay-2"]


def test_a_reader_cannot_write(engine: Engine) -> None:
    with (
        pytest.raises(Away, match="takes no changes"),
        transaction(engine, writes=False, raising=Away) as connection,
    ):
        connection.exec_driver_sql("INSERT INTO versions VALUES ('test', 1)")


def test_a_database_of_another_encoding_is_refused(database: Database) -> None:
    assert database.server is not None
    database.server.execute("CREATE DATABASE {} ENCODING 'LATIN1' TEMPLATE template0", "latin")
    with pytest.raises(DatabaseUnavailable, match="The database latin has the encoding LATIN1"):
        upgrade(database.server.url("latin"))


def test_a_user_without_rights_is_told_where_they_are_listed(database: Database) -> None:
    assert database.server is not None
    database.server.execute("CREATE USER {} PASSWORD 'x'", "stranger")
    engine = open_engine(make_url(database.url).set(username="stranger", password="x"))
    with pytest.raises(Away, match=r"docs/database\.md"):
        read(engine)
    engine.dispose()


def test_changes_at_once_are_counted_each(database: Database) -> None:
    engine = open_engine(database.url, lock_timeout=30)
    stores = SqlAccountStore(engine), SqlDomainStore(engine)

    def add(start: int) -> None:
        for number in range(start, start + 5):
            stores[0].add_project(name=f"p{number}", created_at=NOW)
            stores[1].add_sending_domain(project=1, name=f"{number}.example", created_at=NOW, token="t")

    threads = [Thread(target=add, args=(10 * start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [store.version() for store in stores] == [20, 20]
    assert len(stores[1].sending_domains()) == 20
    engine.dispose()


def test_a_change_waits_for_the_one_before_it_and_sees_it(database: Database) -> None:
    """Two operators take the same name: the second is told so, not that the database failed."""
    engine = open_engine(database.url, lock_timeout=30)
    store = SqlAccountStore(engine)
    refused: list[str] = []

    def add() -> None:
        try:
            store.add_project(name="shop", created_at=NOW)
        except AccountError as error:
            refused.append(type(error).__name__)

    threads = [Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert refused == ["NameTaken"] * 3
    assert [project.name for project in store.projects()] == ["default", "shop"]
    engine.dispose()


def test_a_user_with_the_rights_of_the_document_can_run_it(database: Database) -> None:
    """All but migrations, for which the owner is needed; at a start there is nothing to migrate."""
    assert database.server is not None
    rights = re.findall(r"^((?:GRANT|ALTER DEFAULT) .*) waypost_app;", DOCUMENT, re.MULTILINE)
    assert len(rights) == 5
    database.server.execute("CREATE USER {} PASSWORD 'x'", "waypost_app")
    for right in rights:
        database.execute(f"{right} waypost_app")
    url = make_url(database.url).set(username="waypost_app", password="x")
    upgrade(url, create=False)
    engine = open_engine(url)
    SqlAccountStore(engine).add_project(name="shop", created_at=NOW)
    SqlAccountStore(engine).delete_project("shop")
    SqlDomainStore(engine).add_sending_domain(project=1, name="shop.example", created_at=NOW, token="t")
    SqlEventStore(engine).add([message(), hit()])
    assert len(SqlEventStore(engine).events(EventFilter())) == 1
    engine.dispose()
    database.execute("DROP OWNED BY waypost_app")
