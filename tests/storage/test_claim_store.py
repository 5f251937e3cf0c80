import pytest
from sqlalchemy import Engine

from domains.ports import ClaimStore, DomainStore
from storage.claim_store import SqlClaimStore
from storage.domain_store import SqlDomainStore
from tests.domains.claim_contract import ClaimStoreContract


class TestContract(ClaimStoreContract):
    @pytest.fixture
    def store(self, engine: Engine) -> DomainStore:
        return SqlDomainStore(engine)

    @pytest.fixture
    def claims(self, engine: Engine) -> ClaimStore:
        return SqlClaimStore(engine)
