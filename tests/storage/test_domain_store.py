import re
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from domains.errors import StoreUnavailable
from domains.listing import TrackingFilter
from domains.ports import DomainStore
from storage.domain_lists import select_tracking
from storage.domain_store import SqlDomainStore
from tests.domains.store_contract import (
    CHANGES,
    OTHER,
    SENDER,
    TRACK,
    DomainStoreContract,
    add_sending,
    add_tracking,
    remove,
    tracking,
)
from tests.storage.databases import Database
from tests.storage.faults import (
    Fault,
    each_fault_for_readers,
    each_fault_for_writers,
    each_writer_in_between,
)

QUERIES: dict[str, Callable[[DomainStore], object]] = {
    "version": lambda store: store.version(),
    "tracking domains": lambda store: store.tracking_domains(),
    "find tracking domain": lambda store: store.find_tracking_domain(TRACK),
    "sending domains": lambda store: store.sending_domains(),
    "evidence": lambda store: store.evidence_of([TRACK]),
    "history": lambda store: store.history(1, TRACK),
    "find sending domain": lambda store: store.find_sending_domain(SENDER),
    "find sending domains": lambda store: store.find_sending_domains({SENDER}),
    "senders of": lambda store: store.senders_of(TRACK),
    "tracking domain by id": lambda store: store.tracking_domain_numbered(1),
    "count tracking domains": lambda store: store.count_tracking_domains(1),
    "count sending domains": lambda store: store.count_sending_domains(1),
}


@pytest.fixture
def store(engine: Engine) -> SqlDomainStore:
    return SqlDomainStore(engine)


class TestContract(DomainStoreContract):
    @pytest.fixture
    def store(self, engine: Engine) -> DomainStore:
        return SqlDomainStore(engine)


def state_of(store: DomainStore) -> object:
    return store.version(), store.tracking_domains(), store.history(1, TRACK), store.sending_domains()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@each_fault_for_writers
def test_a_change_to_a_database_that_is_away_is_refused_whole(
    store: SqlDomainStore, database: Database, fault: Fault, change: Callable[[DomainStore], object]
) -> None:
    add_tracking(store)
    add_sending(store)
    before = state_of(store)
    with fault(database), pytest.raises(StoreUnavailable, match=re.escape(database.shown)):
        change(store)
    assert state_of(store) == before
    change(store)
    assert state_of(store) != before


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
@each_fault_for_readers
def test_a_query_to_a_database_that_is_away_fails_and_recovers(
    store: SqlDomainStore, database: Database, fault: Fault, query: Callable[[DomainStore], object]
) -> None:
    add_tracking(store)
    before = query(store)
    with fault(database), pytest.raises(StoreUnavailable, match=re.escape(database.shown)):
        query(store)
    assert query(store) == before


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
@each_writer_in_between
def test_a_query_does_not_wait_for_a_writer(
    store: SqlDomainStore, database: Database, fault: Fault, query: Callable[[DomainStore], object]
) -> None:
    before = query(store)
    with fault(database):
        assert query(store) == before


def test_the_version_grows_by_one_for_each_change(store: SqlDomainStore) -> None:
    assert store.version() == 0
    add_tracking(store)
    assert store.version() == 1
    add_sending(store)
    assert store.version() == 2


def test_an_id_is_never_used_again(store: SqlDomainStore) -> None:
    old = add_tracking(store)
    remove(store)
    assert add_tracking(store, OTHER).id > old.id


def test_two_stores_see_each_others_changes(store: SqlDomainStore, engine: Engine) -> None:
    add_tracking(store)
    assert SqlDomainStore(engine).find_tracking_domain(TRACK) == tracking(store)


def test_a_name_in_two_entries_is_kept_once(store: SqlDomainStore) -> None:
    add_tracking(store)
    add_sending(store)
    store.link(SENDER, TRACK)
    (tracked,), (sender,) = store.entries()
    assert sender.tracking_domain is tracked.name


# PostgreSQL goes by how many rows there are.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_default_of_a_project_is_found_by_its_index(engine: Engine) -> None:
    wanted = select_tracking(TrackingFilter(project=1, default=True))
    asked = wanted.compile(engine, compile_kwargs={"literal_binds": True})
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}").all()
    assert "USING INDEX uq_tracking_domains_default" in str(plan)
