"""The store in memory keeps the contract."""

import pytest

from controller.stores.memory import MemoryBackend
from tests.contracts.store_contract import StoreContract


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def attach(self):
        backend = MemoryBackend()
        return lambda: backend
