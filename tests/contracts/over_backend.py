"""Store objects over one and the same backend, as several processes would have them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator

import pytest

from controller.ports import Store
from controller.stores.backend import Backend
from controller.stores.records import Records
from tests.contracts.made import CODEC


class OverBackend(ABC):
    """A store under test: `attach` gives one more backend over the same items, as another process would have."""

    @pytest.fixture
    @abstractmethod
    def attach(self) -> Callable[[], Backend]: ...

    @pytest.fixture
    def opened(self, attach: Callable[[], Backend]) -> Iterator[Callable[[], Store]]:
        stores: list[Store] = []

        def make() -> Store:
            stores.append(Records(attach(), CODEC))
            return stores[-1]

        yield make
        for store in stores:
            store.close()

    @pytest.fixture
    def raw(self, attach: Callable[[], Backend]) -> Iterator[Backend]:
        backend = attach()
        yield backend
        backend.close()

    @pytest.fixture
    def store(self, opened: Callable[[], Store]) -> Store:
        return opened()

    @pytest.fixture
    def other(self, opened: Callable[[], Store]) -> Store:
        return opened()
