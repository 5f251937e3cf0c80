import pytest

from accounts.ports import AccountStore
from tests.accounts.memory_store import MemoryStore
from tests.accounts.store_contract import AccountStoreContract


class TestMemoryStore(AccountStoreContract):
    @pytest.fixture
    def store(self) -> AccountStore:
        return MemoryStore()
