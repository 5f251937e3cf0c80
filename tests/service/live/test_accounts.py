import logging
from ipaddress import ip_address, ip_network

import pytest

from accounts.directory import AccountDirectory
from accounts.errors import StoreUnavailable
from service.live.accounts import LiveAccounts
from tests.accounts.builders import NOW, project
from tests.accounts.memory_store import MemoryStore

CLIENT = ip_address("192.0.2.1")


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def live(store: MemoryStore) -> LiveAccounts:
    return LiveAccounts(store, [ip_network("127.0.0.0/8")])


def test_the_networks_of_the_settings_are_the_default_projects(live: LiveAccounts) -> None:
    assert live.current.project_of_address(ip_address("127.0.0.1")) == project()
    assert live.current.project_of_address(CLIENT) is None


def test_a_change_is_seen_at_the_next_reading(live: LiveAccounts, store: MemoryStore) -> None:
    added = store.add_project(name="shop", created_at=NOW)
    assert live.current.project(added.id) is None
    live.refresh()
    assert live.current.project(added.id) == added


def test_without_a_change_nothing_is_built_again(live: LiveAccounts) -> None:
    before = live.current
    live.refresh()
    assert live.current is before


def test_a_database_that_is_away_changes_nothing_and_is_told_once(
    live: LiveAccounts, store: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    before = live.current
    store.available = False
    with caplog.at_level(logging.WARNING):
        live.refresh()
        live.refresh()
        store.available = True
        live.refresh()
    assert live.current is before
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]


def test_it_starts_from_a_seed_and_not_from_nothing(store: MemoryStore) -> None:
    store.available = False
    seed = AccountDirectory.build([project(2, "shop", "192.0.2.0/24")], [], [])
    live = LiveAccounts(store, [], seed=seed)
    assert live.current is seed
    with pytest.raises(StoreUnavailable):
        LiveAccounts(store, [])
    store.available = True
    live.refresh()
    assert live.current.project_of_address(CLIENT) is None


def test_other_networks_of_the_settings_are_used_at_once(live: LiveAccounts) -> None:
    live.use_networks([ip_network("192.0.2.0/24")])
    assert live.current.project_of_address(CLIENT) == project()
    assert live.current.project_of_address(ip_address("127.0.0.1")) is None
