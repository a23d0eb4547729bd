"""Step 2: the shared client."""

from typing import Any

import pytest
from image_pipeline.processes import Address

from hatchet_sdk import ClientConfig, ClientTLSConfig, Hatchet
from tests.guide.project import snippet
from tests.support.project import Project, run


@pytest.fixture
async def hatchet(engine: Address, monkeypatch: pytest.MonkeyPatch) -> Hatchet:
    """What the snippet makes, with nothing but the environment to go by."""
    for name, value in engine.environment.items():
        monkeypatch.setenv(name, value)
    made = (await run(snippet("step2_client"), {}, "step2_client"))["hatchet"]
    assert isinstance(made, Hatchet)
    return made


async def test_the_client_reads_its_settings_from_the_environment(hatchet: Hatchet, engine: Address) -> None:
    assert (hatchet.config.token, hatchet.config.host_port) == (engine.token, engine.grpc)
    assert hatchet.config.tls_config.strategy == "none"
    assert await hatchet.aio_get_engine_version()


async def test_the_token_alone_says_where_the_engine_is(engine: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATCHET_CLIENT_TOKEN", engine.token)

    hatchet = Hatchet()

    assert (hatchet.config.host_port, hatchet.config.server_url) == (engine.grpc, engine.rest)


async def test_the_client_can_be_configured_in_code(engine: Address) -> None:
    tls = ClientTLSConfig(strategy="none")

    hatchet = Hatchet(config=ClientConfig(token=engine.token, host_port=engine.grpc, tls_config=tls))

    assert await hatchet.aio_get_engine_version()


@pytest.mark.parametrize("setting", [{"broker": "redis://localhost"}, {"backend": "redis://localhost"}])
async def test_there_is_no_broker_and_no_backend_to_name(
    setting: dict[str, Any], engine: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HATCHET_CLIENT_TOKEN", engine.token)

    with pytest.raises(TypeError, match=next(iter(setting))):
        Hatchet(**setting)


async def test_one_client_serves_tasks_worker_and_callers(project: Project) -> None:
    client, tasks = project.load("client"), project.load("tasks")

    assert tasks.hatchet is client.hatchet
