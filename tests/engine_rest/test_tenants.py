"""The tenant and how much waits and runs in it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.engine_rest.rig import Rig


@pytest.fixture
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    running = Rig(tmp_path_factory.mktemp("tenants"))
    try:
        yield running
    finally:
        running.close()


def stats(rig: Rig, **params: Any) -> Any:
    return rig.get(f"/api/v1/tenants/{rig.tenant}/task-stats", **params)


def test_the_tenant(rig: Rig) -> None:
    tenant = rig.get(f"/api/v1/tenants/{rig.tenant}")
    assert tenant["metadata"]["id"] == rig.tenant
    assert (tenant["name"], tenant["slug"], tenant["version"]) == ("tests", "tests", "V1")


def test_what_waits_and_what_runs(rig: Rig) -> None:
    rig.workflow("pack", retries=1, backoff_factor=5)
    rig.workflow("ship")
    worker = rig.worker("pack", slots=2)
    running, again, waiting, other = (
        rig.trigger("pack"),
        rig.trigger("pack"),
        rig.trigger("pack"),
        rig.trigger("ship"),
    )
    worker.failed(again, "ValueError: again")
    assert rig.task(running)["status"] == rig.task(waiting)["status"] == "RUNNING"
    waiting = rig.trigger("pack")
    queues = rig.get(f"/api/v1/tenants/{rig.tenant}/step-run-queue-metrics")
    assert queues == {"queues": {"pack:pack": 2, "ship:ship": 1}}
    found = stats(rig)
    assert found.keys() == {"pack", "ship"}
    assert found["pack"]["running"]["total"] == 2
    assert found["pack"]["running"]["oldest"] == found["pack"]["running"]["oldestExcludingRetries"]
    queued = found["pack"]["queued"]
    assert (queued["total"], queued["queues"], queued["concurrency"]) == (2, {"pack:pack": 2}, [])
    assert queued["oldestExcludingRetries"] == rig.task(waiting)["metadata"]["createdAt"]
    assert queued["oldest"] < queued["oldestExcludingRetries"]
    assert found["ship"]["running"] == {"total": 0, "queues": {}, "concurrency": []}
    rig.post(rig.path("tasks/cancel"), {"externalIds": [running, again, waiting, other]})
    assert stats(rig).keys() == {"pack"}


@pytest.mark.parametrize("names", [["one", "two"], ["one,two"], ["one", ",two,"]])
def test_names_that_nothing_has_are_zeros(rig: Rig, names: list[str]) -> None:
    nothing = {"total": 0, "queues": {}, "concurrency": []}
    both = {"queued": nothing, "running": nothing}
    assert stats(rig, taskNames=names) == {"one": both, "two": both}
