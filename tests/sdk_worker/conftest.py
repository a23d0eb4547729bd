"""A fake engine and connections to it."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hatchet_sdk.hatchet import Hatchet
from hatchet_sdk.transport.connection import Connection
from hatchet_sdk.worker.station import Station
from hatchet_sdk.worker.worker import Worker
from tests.sdk_worker.fake_engine import FakeEngine
from tests.support.waiting import eventually


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


class RunningWorker:
    """A worker on a thread of the test's process."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, name="test-worker")
        self.thread.start()

    def _run(self) -> None:
        try:
            self.worker.start()
        except BaseException as error:
            self.error = error

    def leave(self, within_s: float = 10.0) -> None:
        """Drain, and wait for the end."""
        life = self.worker._life
        if life is not None:
            life.drain("the test is over")
        self.thread.join(within_s)
        assert not self.thread.is_alive()

    @property
    def station(self) -> Station:
        life = self.worker._life
        assert life is not None and life.station is not None
        return life.station


StartWorker = Callable[..., RunningWorker]


MakeHatchet = Callable[..., Hatchet]


@pytest.fixture
def make_hatchet(engine: FakeEngine) -> Iterator[MakeHatchet]:
    """Clients of the fake engine, with settings of their own."""
    made: list[Hatchet] = []

    def make(**settings: Any) -> Hatchet:
        made.append(Hatchet(config=engine.config(**settings)))
        return made[-1]

    yield make
    for each in made:
        each._client.connection.close()


@pytest.fixture
def hatchet(make_hatchet: MakeHatchet) -> Hatchet:
    return make_hatchet()


@pytest.fixture
def start_worker(make_hatchet: MakeHatchet, engine: FakeEngine) -> Iterator[StartWorker]:
    """Starts a worker with these workflows and waits until the engine knows it."""
    running: list[RunningWorker] = []

    def start(*workflows: Any, slots: int | None = None, **options: Any) -> RunningWorker:
        client = workflows[0]._client
        options = {"config": client.config, "client": client, **options}
        pools = {} if slots is None else {"default": slots}
        worker = Worker(name="w", slot_config=pools, workflows=list(workflows), **options)
        known = len(engine.hellos) + len(engine.published.listeners)
        running.append(RunningWorker(worker))
        eventually(
            lambda: running[-1].error or len(engine.hellos) + len(engine.published.listeners) > known, within_s=10
        )
        return running[-1]

    yield start
    for each in running:
        each.leave()
