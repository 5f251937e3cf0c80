from datetime import timedelta

import pytest
from sqlalchemy import Engine

from accounts.actors import Scope
from accounts.api_keys import ApiKey
from accounts.errors import NotFound, StoreUnavailable
from accounts.secret_hash import SecretHash
from storage.account_store import SqlAccountStore
from storage.api_key_store import SqlApiKeyStore
from tests.domains.builders import NOW
from tests.storage.databases import Database
from tests.storage.faults import Fault, each_fault_for_writers

KEY = ApiKey(
    id="7k2m9q4x",
    project=1,
    scope=Scope.WRITE,
    label="gut – ü",
    secret_hash=SecretHash.of("secret", bytes(16)),
    created_at=NOW,
)


@pytest.fixture
def store(engine: Engine) -> SqlApiKeyStore:
    return SqlApiKeyStore(engine)


def test_a_key_comes_back_as_it_was(store: SqlApiKeyStore) -> None:
    store.add(KEY)
    assert store.find(KEY.id) == KEY
    assert store.api_keys() == [KEY]
    assert store.find("other") is None


def test_its_use_and_its_end_are_kept(store: SqlApiKeyStore) -> None:
    store.add(KEY)
    store.used(KEY.id, NOW + timedelta(hours=1))
    store.revoke(KEY.id, NOW + timedelta(hours=2))
    store.revoke(KEY.id, NOW + timedelta(hours=3))
    [kept] = store.api_keys()
    assert kept.last_used_at == NOW + timedelta(hours=1)
    assert kept.revoked_at == NOW + timedelta(hours=2)


def test_keys_go_with_their_project(store: SqlApiKeyStore, engine: Engine) -> None:
    accounts = SqlAccountStore(engine)
    shop = accounts.add_project(name="shop", created_at=NOW)
    store.add(ApiKey(**{name: getattr(KEY, name) for name in KEY.__slots__} | {"project": shop.id}))
    accounts.delete_project("shop")
    assert store.api_keys() == []
    with pytest.raises(NotFound, match="removed a moment ago"):
        store.add(ApiKey(**{name: getattr(KEY, name) for name in KEY.__slots__} | {"project": shop.id}))


@each_fault_for_writers
def test_a_database_that_is_away_is_told(store: SqlApiKeyStore, database: Database, fault: Fault) -> None:
    with fault(database), pytest.raises(StoreUnavailable):
        store.add(KEY)
    assert store.api_keys() == []
