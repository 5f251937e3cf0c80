import pytest

from tests.certificates.memory_store import MemoryStore
from tests.certificates.store_contract import (
    AccountStoreContract,
    CertificateStoreContract,
    ChallengeStoreContract,
)


class TestMemoryStore(CertificateStoreContract, ChallengeStoreContract, AccountStoreContract):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore()
