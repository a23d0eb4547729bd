"""A client that talks to nobody."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tenacity

from hatchet_sdk import ClientConfig, Context, Hatchet
from hatchet_sdk.config import TenacityConfig
from hatchet_sdk.worker.action import Action
from tests.sdk_api.fakes import FakeConnection, FakePort
from tests.sdk_api.rest_server import RestServer, serving
from tests.sdk_api.tokens import token

MakeContext = Callable[..., Context]


@pytest.fixture(autouse=True)
def no_dotenv_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings are looked for in the working directory."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def connection() -> Iterator[FakeConnection]:
    fake = FakeConnection()
    yield fake
    fake.close()


@pytest.fixture
def hatchet(connection: FakeConnection) -> Hatchet:
    return hatchet_on(connection)


def hatchet_on(connection: FakeConnection, **settings: Any) -> Hatchet:
    made = Hatchet(config=ClientConfig(token=token(), **settings))
    made._client.__dict__["connection"] = connection
    return made


@pytest.fixture
def port() -> FakePort:
    return FakePort()


@pytest.fixture
def make_context(hatchet: Hatchet, port: FakePort) -> MakeContext:
    """A context of a run that is executed by `port`; fields of the action can be given."""

    def make(**fields: Any) -> Context:
        defaults: dict[str, Any] = {
            "task_id": "task-1",
            "run_id": "run-1",
            "retry_count": 0,
            "action_id": "parent:parent",
            "task_name": "parent",
            "workflow_name": "parent",
        }
        return Context(Action(**{**defaults, **fields}), port, hatchet._client)

    return make


NO_PAUSE: dict[str, Any] = {"wait": tenacity.wait_none}
"""Retries follow at once."""


@pytest.fixture
def server() -> Iterator[RestServer]:
    with serving() as running:
        yield running


@pytest.fixture
def rest(connection: FakeConnection, server: RestServer) -> Hatchet:
    return hatchet_on(connection, server_url=server.url, tenacity=TenacityConfig(**NO_PAUSE))
