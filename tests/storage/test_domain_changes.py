import pytest
from sqlalchemy import Engine

from domains.errors import StoreUnavailable
from domains.ownership import Claim, Kind
from domains.ports import DomainStore
from storage import domain_changes
from storage.claim_store import SqlClaimStore
from storage.domain_changes import begin_change
from storage.domain_store import SqlDomainStore
from storage.engine import transaction
from storage.versions import raise_version
from tests.domains.changes_contract import DomainChangesContract, brought_up_to_date, by_name
from tests.domains.store_contract import NOW, SENDER, TOKEN, add_sending, add_tracking
from tests.storage.databases import Database


class TestContract(DomainChangesContract):
    @pytest.fixture
    def store(self, engine: Engine) -> DomainStore:
        return SqlDomainStore(engine)


@pytest.fixture
def store(engine: Engine) -> SqlDomainStore:
    return SqlDomainStore(engine)


def test_a_name_that_changes_hands_is_told(store: SqlDomainStore, engine: Engine) -> None:
    add_sending(store)
    version, entries = store.version(), store.entries()
    claim = Claim(project=2, kind=Kind.SENDING, name=SENDER, token=TOKEN, created_at=NOW)
    SqlClaimStore(engine).claim(claim)
    SqlClaimStore(engine).take_sending_domain(claim, NOW)
    assert brought_up_to_date(store, version, entries) == by_name(store.entries())
    assert [entry.project for entry in store.entries().sending] == [2]


def test_a_version_whose_changes_nobody_wrote_down_is_not_passed_over(
    store: SqlDomainStore, engine: Engine
) -> None:
    add_tracking(store)
    with transaction(engine, writes=True, raising=RuntimeError) as connection:
        raise_version(connection, "domains")
    add_sending(store)
    assert store.changes_since(0) is None
    assert store.changes_since(1) is None
    changes = store.changes_since(2)
    assert changes is not None
    assert [*changes.sending] == [SENDER]


def test_versions_of_long_ago_are_forgotten(
    store: SqlDomainStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(domain_changes, "KEPT", 2)
    for name in ("a.example", "b.example", "c.example"):
        add_sending(store, name)
    assert database.execute("SELECT version, name FROM domain_changes ORDER BY version") == [
        (2, "b.example"),
        (3, "c.example"),
    ]
    assert store.changes_since(0) is None
    changes = store.changes_since(1)
    assert changes is not None
    assert {*changes.sending} == {"b.example", "c.example"}


def test_of_many_changes_all_must_be_read(store: SqlDomainStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domain_changes, "MOST", 2)
    for name in ("a.example", "b.example", "c.example"):
        add_sending(store, name)
    assert store.changes_since(0) is None
    assert store.changes_since(1) is not None


def test_changes_come_one_after_the_other(store: SqlDomainStore, engine: Engine) -> None:
    """No version is seen before one below it: who saw the higher one would never ask for the lower."""
    with transaction(engine, writes=True, raising=RuntimeError) as connection:
        begin_change(connection, Kind.SENDING, SENDER)
        with pytest.raises(StoreUnavailable):
            add_sending(store, "second.example")
        assert store.changes_since(0) == (0, {}, {})
    assert store.changes_since(0) == (1, {}, {SENDER: None})
