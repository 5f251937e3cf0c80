import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from certificates.errors import OrderCapReached, StoreUnavailable
from certificates.model import HostRecord
from certificates.ports import CertificateStore
from storage.certificate_store import SqlCertificateStore
from storage.engine import open_engine
from tests.certificates.builders import ACTIVE, HOST, NOW
from tests.certificates.store_contract import CHANGES, MANY, CertificateStoreContract, put
from tests.storage.databases import Database
from tests.storage.faults import (
    Fault,
    each_fault_for_readers,
    each_fault_for_writers,
    each_writer_in_between,
)

QUERIES: dict[str, Callable[[CertificateStore], object]] = {
    "version": lambda store: store.version(),
    "records": lambda store: store.records(),
    "find": lambda store: store.find(HOST),
    "due": lambda store: store.due(NOW, MANY),
    "advice due": lambda store: store.advice_due(NOW, MANY),
}


@pytest.fixture
def store(engine: Engine) -> SqlCertificateStore:
    return SqlCertificateStore(engine)


@pytest.fixture
def patient(database: Database) -> Iterator[SqlCertificateStore]:
    """A store that waits for others."""
    engine = open_engine(database.url)
    yield SqlCertificateStore(engine)
    engine.dispose()


class TestContract(CertificateStoreContract):
    @pytest.fixture
    def store(self, patient: SqlCertificateStore) -> CertificateStore:
        return patient


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@each_fault_for_writers
def test_a_change_to_a_database_that_is_away_is_refused_whole(
    store: SqlCertificateStore,
    database: Database,
    fault: Fault,
    change: Callable[[CertificateStore], object],
) -> None:
    put(store, ACTIVE)
    before = store.records()
    with fault(database), pytest.raises(StoreUnavailable, match=re.escape(database.shown)):
        change(store)
    assert store.records() == before
    change(store)
    assert store.records() != before


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
@each_fault_for_readers
def test_a_query_to_a_database_that_is_away_fails_and_recovers(
    store: SqlCertificateStore,
    database: Database,
    fault: Fault,
    query: Callable[[CertificateStore], object],
) -> None:
    put(store, ACTIVE)
    before = query(store)
    with fault(database), pytest.raises(StoreUnavailable, match=re.escape(database.shown)):
        query(store)
    assert query(store) == before


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
@each_writer_in_between
def test_a_query_does_not_wait_for_a_writer(
    store: SqlCertificateStore,
    database: Database,
    fault: Fault,
    query: Callable[[CertificateStore], object],
) -> None:
    before = query(store)
    with fault(database):
        assert query(store) == before


def test_the_cap_holds_however_many_claim_at_once(patient: SqlCertificateStore, database: Database) -> None:
    def claim(number: int) -> bool:
        try:
            return bool(patient.claim(HostRecord(host=f"h{number}.test"), now=NOW, per_hour=3))
        except OrderCapReached:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(8))) == 3
    assert len(patient.records()) == 3
    assert database.execute("SELECT count(*) FROM certificate_orders") == [(3,)]
