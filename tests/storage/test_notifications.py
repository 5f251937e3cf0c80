import select
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from storage.engine import open_engine, transaction
from storage.failures import DatabaseUnavailable
from storage.notifications import Notifications
from storage.versions import raise_version
from tests.storage.databases import Database
from tests.storage.transactions import Away

PATIENCE = 30.0  # seconds

on_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture
def notifications(database: Database) -> Iterator[Notifications]:
    engine = open_engine(database.url)
    notifications = Notifications(engine)
    yield notifications
    notifications.close()
    engine.dispose()


def is_told(notifications: Notifications, patience: float = PATIENCE) -> bool:
    return bool(select.select([notifications.descriptor], [], [], patience)[0])


def change(engine: Engine, *, fails: bool = False) -> None:
    with transaction(engine, writes=True, raising=Away) as connection:
        raise_version(connection, "domains")
        if fails:
            raise ZeroDivisionError


@on_postgresql
def test_a_change_is_told_of_once_heard_it_is_over(notifications: Notifications, engine: Engine) -> None:
    notifications.listen()
    assert not is_told(notifications, 0)
    change(engine)
    assert is_told(notifications)
    assert notifications.hear()
    assert not is_told(notifications, 0)
    change(engine)
    assert is_told(notifications)


@on_postgresql
def test_a_change_that_was_undone_is_not_told_of(notifications: Notifications, engine: Engine) -> None:
    notifications.listen()
    with pytest.raises(ZeroDivisionError):
        change(engine, fails=True)
    assert not is_told(notifications, 0)


@on_postgresql
def test_a_connection_that_was_cut_is_noticed_and_made_anew(
    notifications: Notifications, engine: Engine, database: Database
) -> None:
    assert database.server is not None
    notifications.listen()
    database.server.disconnect_all(database.name)
    while notifications.hear():  # first the server's farewell, then the end
        assert is_told(notifications)
    assert notifications.descriptor is None
    notifications.listen()
    change(engine)
    assert is_told(notifications)


@on_postgresql
def test_a_server_that_is_away_is_an_error(notifications: Notifications, database: Database) -> None:
    assert database.server is not None
    database.server.stop()
    try:
        with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
            notifications.listen()
    finally:
        database.server.start()
    assert notifications.descriptor is None
    assert not notifications.hear()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_sqlite_tells_nobody(notifications: Notifications, engine: Engine) -> None:
    assert not notifications.possible
    assert notifications.descriptor is None
    change(engine)
    assert not notifications.hear()


@on_postgresql
def test_postgresql_can(notifications: Notifications) -> None:
    assert notifications.possible
