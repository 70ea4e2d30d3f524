"""The store in an SQLite file keeps the contract."""

import pytest

from controller.stores.sqlite import SqliteBackend
from tests.contracts.store_contract import StoreContract


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def attach(self, tmp_path):
        return lambda: SqliteBackend(tmp_path / "trueup.db")
