"""A fake engine and connections to it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hatchet_sdk.transport.connection import Connection
from tests.sdk_worker.fake_engine import FakeEngine


@pytest.fixture
def make_engine() -> Iterator[Callable[..., FakeEngine]]:
    engines: list[FakeEngine] = []

    def make(**options: Any) -> FakeEngine:
        engines.append(FakeEngine(**options))
        return engines[-1].start()

    yield make
    for engine in engines:
        engine.close()


@pytest.fixture
def engine(make_engine: Callable[..., FakeEngine]) -> FakeEngine:
    return make_engine()


@pytest.fixture
def connect() -> Iterator[Callable[..., Connection]]:
    connections: list[Connection] = []

    def make(engine: FakeEngine, **settings: Any) -> Connection:
        connections.append(Connection(engine.config(**settings)))
        return connections[-1]

    yield make
    for connection in connections:
        connection.close()
