import pytest
from sqlalchemy import Engine

from domains.errors import StoreUnavailable
from links import Block, BlockKind
from storage.block_store import SqlBlockStore
from tests.domains.builders import NOW
from tests.storage.databases import Database
from tests.storage.faults import Fault, each_fault_for_writers

LONG = Block(
    kind=BlockKind.LINK,
    value="https://shop.example/" + "é".encode().hex() * 1500,
    reason="gut – ü",
    created_at=NOW,
)
HOST = Block(kind=BlockKind.HOST, value="shop.example", reason="", created_at=NOW)


@pytest.fixture
def store(engine: Engine) -> SqlBlockStore:
    return SqlBlockStore(engine)


def test_blocks_come_back_in_order(store: SqlBlockStore) -> None:
    assert store.blocks() == []
    assert [store.add(LONG), store.add(HOST)] == [LONG, HOST]
    assert store.blocks() == [LONG, HOST]


def test_one_that_is_there_stays(store: SqlBlockStore) -> None:
    store.add(HOST)
    again = Block(kind=HOST.kind, value=HOST.value, reason="another", created_at=NOW)
    assert store.add(again) == HOST
    assert store.blocks() == [HOST]


def test_the_same_value_of_another_kind_is_another(store: SqlBlockStore) -> None:
    other = Block(kind=BlockKind.MESSAGE, value=HOST.value, reason="", created_at=NOW)
    store.add(HOST)
    store.add(other)
    assert store.remove(HOST.kind, HOST.value)
    assert store.blocks() == [other]


def test_what_is_not_there_cannot_be_removed(store: SqlBlockStore) -> None:
    assert not store.remove(HOST.kind, HOST.value)


def test_the_version_grows_with_each_change(store: SqlBlockStore) -> None:
    before = store.version()
    store.add(HOST)
    between = store.version()
    store.remove(HOST.kind, HOST.value)
    assert before < between < store.version()


@each_fault_for_writers
def test_a_database_that_is_away_is_told(store: SqlBlockStore, database: Database, fault: Fault) -> None:
    store.add(HOST)
    with fault(database), pytest.raises(StoreUnavailable):
        store.remove(HOST.kind, HOST.value)
    assert store.blocks() == [HOST]
