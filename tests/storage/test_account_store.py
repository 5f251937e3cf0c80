import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from accounts.errors import NotRemovable, StoreUnavailable
from accounts.model import Holdings
from accounts.ports import AccountStore
from domains.history import Step
from domains.model import State
from domains.steps import removed
from storage.account_store import SqlAccountStore
from storage.domain_store import SqlDomainStore
from storage.metadata import metadata
from tests.accounts.builders import NOW, PASSWORD
from tests.accounts.store_contract import (
    CHANGES,
    NAME,
    USERNAME,
    AccountStoreContract,
    add_credential,
    add_project,
    add_route,
    everything,
)
from tests.storage.databases import Database
from tests.storage.faults import Fault, each_fault_for_readers, each_fault_for_writers


class TestContract(AccountStoreContract):
    @pytest.fixture
    def store(self, engine: Engine) -> AccountStore:
        return SqlAccountStore(engine)


@pytest.fixture
def store(engine: Engine) -> SqlAccountStore:
    """A store with something of everything."""
    store = SqlAccountStore(engine)
    add_project(store)
    add_route(store)
    add_credential(store)
    return store


@each_fault_for_writers
def test_a_change_to_a_database_that_is_away_is_refused_whole(
    store: SqlAccountStore, database: Database, fault: Fault
) -> None:
    before = everything(store)
    with fault(database):
        for change in CHANGES.values():
            with pytest.raises(StoreUnavailable, match=re.escape(database.shown)):
                change(store)
    assert everything(store) == before


@each_fault_for_readers
def test_a_database_that_is_away_answers_no_question(
    store: SqlAccountStore, database: Database, fault: Fault
) -> None:
    questions: list[Callable[[], object]] = [
        store.version,
        store.projects,
        store.credentials,
        store.routes,
        lambda: store.find_project(NAME),
        lambda: store.find_credential(USERNAME),
        lambda: store.holdings(1),
    ]
    with fault(database):
        for ask in questions:
            with pytest.raises(StoreUnavailable, match=re.escape(database.shown)):
                ask()


def test_domains_keep_a_project_and_retired_ones_do_not(store: SqlAccountStore, engine: Engine) -> None:
    project = store.find_project(NAME)
    assert project is not None
    domains = SqlDomainStore(engine)
    added = domains.add_tracking_domain(
        project=project.id, name="track.example.com", target="t.waypost.test", created_at=NOW
    )
    domains.add_sending_domain(project=project.id, name="example.com", created_at=NOW, token="t")
    verified = replace(added, state=State.VERIFIED, verified_at=NOW)
    domain = domains.record(Step(before=added, after=verified))
    assert store.holdings(project.id) == Holdings(
        tracking_domains=("track.example.com",), sending_domains=("example.com",)
    )
    with pytest.raises(NotRemovable):
        store.delete_project(NAME)
    domains.delete_sending_domain("example.com")
    domains.remove_tracking_domain(removed(domain, NOW), unlinking=())
    store.delete_project(NAME)
    [kept] = domains.tracking_domains()
    assert kept.project == project.id


def test_changes_to_accounts_and_to_domains_are_counted_apart(store: SqlAccountStore, engine: Engine) -> None:
    before = store.version()
    SqlDomainStore(engine).add_sending_domain(project=1, name="example.com", created_at=NOW, token="t")
    assert store.version() == before


def test_the_database_holds_no_password(store: SqlAccountStore, database: Database) -> None:
    for table in metadata.tables:
        assert PASSWORD not in str(database.execute(f"SELECT * FROM {table}"))
