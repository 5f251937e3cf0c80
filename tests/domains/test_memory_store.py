import pytest

from domains.ports import DomainStore
from tests.domains.memory_store import MemoryStore
from tests.domains.store_contract import DomainStoreContract


class TestMemoryStore(DomainStoreContract):
    @pytest.fixture
    def store(self) -> DomainStore:
        return MemoryStore()
