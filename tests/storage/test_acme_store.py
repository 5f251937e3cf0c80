import re
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from certificates.errors import StoreUnavailable
from storage.acme_store import SqlAcmeStore
from tests.certificates.builders import ACCOUNT, CHALLENGE, DIRECTORY, NOW
from tests.certificates.store_contract import AccountStoreContract, ChallengeStoreContract
from tests.storage.databases import Database
from tests.storage.faults import Fault, each_fault_for_readers, each_fault_for_writers

CHANGES: dict[str, Callable[[SqlAcmeStore], object]] = {
    "put challenge": lambda store: store.put_challenge(CHALLENGE, now=NOW),
    "delete challenge": lambda store: store.delete_challenge(CHALLENGE.token),
    "add account": lambda store: store.add_account(ACCOUNT),
    "update account": lambda store: store.update_account(ACCOUNT),
}
QUERIES: dict[str, Callable[[SqlAcmeStore], object]] = {
    "challenge answers": lambda store: store.challenge_answers(now=NOW),
    "challenge answer": lambda store: store.challenge_answer(CHALLENGE.token, now=NOW),
    "account": lambda store: store.account(DIRECTORY),
}


@pytest.fixture
def store(engine: Engine) -> SqlAcmeStore:
    return SqlAcmeStore(engine)


class TestContract(ChallengeStoreContract, AccountStoreContract):
    @pytest.fixture
    def store(self, engine: Engine) -> SqlAcmeStore:
        return SqlAcmeStore(engine)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@each_fault_for_writers
def test_a_change_to_a_database_that_is_away_is_refused(
    store: SqlAcmeStore, database: Database, fault: Fault, change: Callable[[SqlAcmeStore], object]
) -> None:
    with fault(database), pytest.raises(StoreUnavailable, match=re.escape(database.shown)):
        change(store)
    change(store)


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
@each_fault_for_readers
def test_a_query_to_a_database_that_is_away_fails_and_recovers(
    store: SqlAcmeStore, database: Database, fault: Fault, query: Callable[[SqlAcmeStore], object]
) -> None:
    store.put_challenge(CHALLENGE, now=NOW)
    store.add_account(ACCOUNT)
    with fault(database), pytest.raises(StoreUnavailable, match=re.escape(database.shown)):
        query(store)
    assert query(store) in (ACCOUNT, CHALLENGE.answer, {CHALLENGE.token: CHALLENGE.answer})
