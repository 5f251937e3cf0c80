import pytest

from domains.ports import ClaimStore, DomainStore
from tests.domains.changes_contract import DomainChangesContract
from tests.domains.claim_contract import ClaimStoreContract
from tests.domains.memory_store import MemoryStore
from tests.domains.store_contract import DomainStoreContract


class TestMemoryStore(DomainStoreContract):
    @pytest.fixture
    def store(self) -> DomainStore:
        return MemoryStore()


class TestMemoryChanges(DomainChangesContract):
    @pytest.fixture
    def store(self) -> DomainStore:
        return MemoryStore()


class TestMemoryClaims(ClaimStoreContract):
    @pytest.fixture
    def store(self) -> DomainStore:
        return MemoryStore()

    @pytest.fixture
    def claims(self, store: MemoryStore) -> ClaimStore:
        return store
