import pytest
from sqlalchemy import Engine

from domains.app_files import AppFile, AppFileEntry
from domains.errors import StoreUnavailable
from storage.app_file_store import SqlAppFileStore
from tests.storage.databases import Database
from tests.storage.faults import Fault, each_fault_for_writers

ENTRY = AppFileEntry(1, "track.example.com", AppFile.APPLE, '{"é": "\\u0000"}')


@pytest.fixture
def store(engine: Engine) -> SqlAppFileStore:
    return SqlAppFileStore(engine)


def test_the_last_one_is_kept(store: SqlAppFileStore) -> None:
    assert store.version() == 0
    store.put(ENTRY)
    store.put(ENTRY._replace(file=AppFile.ANDROID))
    store.put(ENTRY._replace(content="{}"))
    assert store.entries() == [ENTRY._replace(content="{}"), ENTRY._replace(file=AppFile.ANDROID)]
    assert store.version() == 3


def test_an_empty_one_is_removed(store: SqlAppFileStore) -> None:
    store.put(ENTRY)
    store.put(ENTRY._replace(project=2))
    store.put(ENTRY._replace(content=""))
    assert store.entries() == [ENTRY._replace(project=2)]


@each_fault_for_writers
def test_a_database_that_is_away_is_told(store: SqlAppFileStore, database: Database, fault: Fault) -> None:
    store.put(ENTRY)
    with fault(database), pytest.raises(StoreUnavailable):
        store.put(ENTRY._replace(content="{}"))
    assert store.entries() == [ENTRY]
