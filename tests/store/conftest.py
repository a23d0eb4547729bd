from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hatchet_engine.store.store import Store
from tests.store.world import World

BACKENDS = ("sqlite",)
"""Every test that takes `url`, `store` or `world` runs on each of them."""


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a database that does not exist yet."""
    assert request.param == "sqlite"
    return f"sqlite:///{tmp_path / 'hatchet.db'}"


@pytest.fixture
def open_store(url: str) -> Iterator[Callable[[], Store]]:
    """Opens the database, any number of times in turn; closes what the test left open."""
    opened: list[Store] = []

    def open_it() -> Store:
        store = Store.open(url, busy_timeout_s=0.05)
        opened.append(store)
        return store

    yield open_it
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    return open_store()


@pytest.fixture
def world(store: Store) -> World:
    """A tenant with a workflow and a worker, stored."""
    return World(store)
