"""Workers: what is alive now and what was stored."""

from collections.abc import Iterator
from typing import Any

import pytest

from hatchet_engine.core.commands import Heartbeat, RemoveWorker
from tests.engine_rest.rig import Rig


@pytest.fixture
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    running = Rig(tmp_path_factory.mktemp("workers"))
    try:
        yield running
    finally:
        running.close()


def listed(rig: Rig, **params: Any) -> dict[str, str]:
    rows = rig.get(f"/api/v1/tenants/{rig.tenant}/worker", **params)["rows"]
    return {row["metadata"]["id"]: row["status"] for row in rows}


def test_a_worker(rig: Rig) -> None:
    version = rig.workflow("pack")
    rig.workflow("ship")
    runtime = {"sdk_version": "1.2", "language": "PYTHON", "language_version": "3.11", "os": "linux", "host": "h1"}
    worker = rig.worker("pack", slots=3, labels={"gpu": "a100", "memory": 64}, runtime=runtime)
    run_id = rig.trigger("pack")
    worker.started(run_id)
    shown = rig.get(f"/api/v1/workers/{worker.id}")
    assert shown["metadata"]["id"] == worker.id
    assert (shown["name"], shown["type"], shown["status"]) == ("worker-1", "SELFHOSTED", "ACTIVE")
    assert shown["actions"] == ["pack:pack"]
    assert shown["slotConfig"] == {"default": {"available": 2, "limit": 3}}
    assert {label["key"]: label["value"] for label in shown["labels"]} == {"gpu": "a100", "memory": "64"}
    assert shown["registeredWorkflows"] == [{"id": version.workflow_id, "name": "pack"}]
    assert shown["runtimeInfo"] == {
        "sdkVersion": "1.2",
        "language": "PYTHON",
        "languageVersion": "3.11",
        "os": "linux",
        "runtimeExtra": '{"host": "h1"}',
    }
    [slot] = shown["slots"]
    assert (slot["stepRunId"], slot["workflowRunId"], slot["status"]) == (run_id, run_id, "RUNNING")
    assert slot["startedAt"] < slot["timeoutAt"]


def test_lists_show_actions_and_labels_too(rig: Rig) -> None:
    worker = rig.worker("pack", labels={"zone": "eu"})
    page = rig.get(f"/api/v1/tenants/{rig.tenant}/worker")
    [row] = page["rows"]
    assert row["metadata"]["id"] == worker.id
    assert row["actions"] == ["pack:pack"]
    assert [label["key"] for label in row["labels"]] == ["zone"]
    assert page["pagination"] == {"current_page": 1, "next_page": 1, "num_pages": 1}


def test_a_worker_that_is_silent_is_inactive(rig: Rig) -> None:
    worker = rig.worker("pack")
    assert listed(rig) == {worker.id: "ACTIVE"}
    rig.clock.advance(4)
    assert listed(rig) == {worker.id: "ACTIVE"}
    rig.clock.advance(2)
    assert listed(rig) == {worker.id: "INACTIVE"}
    rig.execute(Heartbeat(worker.id))
    assert listed(rig) == {worker.id: "ACTIVE"}


def test_pausing(rig: Rig) -> None:
    rig.workflow("pack")
    worker = rig.worker("pack")
    path = f"/api/v1/workers/{worker.id}"
    answer = rig.http.patch(path, json={"isPaused": True})
    assert (answer.status_code, answer.json()["status"]) == (200, "PAUSED")
    run_id = rig.trigger("pack")
    assert rig.task(run_id)["status"] == "QUEUED"
    [cause] = rig.get(f"/api/v1/stable/tasks/{run_id}/explain")["causes"]
    assert cause["kind"] == "worker_paused"
    assert rig.http.patch(path, json={}).json()["status"] == "PAUSED"
    rig.clock.advance(6)
    assert listed(rig) == {worker.id: "INACTIVE"}, "inactive wins over paused"
    rig.execute(Heartbeat(worker.id))
    assert rig.http.patch(path, json={"isPaused": False}).json()["status"] == "ACTIVE"
    assert rig.task(run_id)["status"] == "RUNNING"


def test_a_worker_that_said_goodbye_stays_listed_for_a_day(rig: Rig) -> None:
    worker = rig.worker("pack")
    rig.execute(RemoveWorker(worker.id))
    assert listed(rig) == {worker.id: "INACTIVE"}
    assert rig.get(f"/api/v1/workers/{worker.id}")["slots"] == []
    assert rig.http.patch(f"/api/v1/workers/{worker.id}", json={"isPaused": True}).status_code == 404
    rig.clock.advance(25 * 3600)
    assert listed(rig) == {}
    assert rig.get(f"/api/v1/workers/{worker.id}")["status"] == "INACTIVE"


def test_filters_and_pages(rig: Rig) -> None:
    first = rig.worker("pack", labels={"zone": "eu", "memory": 64})
    second = rig.worker("pack", labels={"zone": "us"})
    assert list(listed(rig)) == [second.id, first.id]
    assert listed(rig, labels="zone:eu") == {first.id: "ACTIVE"}
    assert listed(rig, labels=["zone:eu", "memory:64"]) == {first.id: "ACTIVE"}
    assert listed(rig, labels=["zone:eu", "memory:65"]) == {}
    assert listed(rig, statuses=["PAUSED", "INACTIVE"]) == {}
    assert list(listed(rig, statuses="ACTIVE")) == [second.id, first.id]
    page = rig.get(f"/api/v1/tenants/{rig.tenant}/worker", limit=1, offset=1)
    assert [row["metadata"]["id"] for row in page["rows"]] == [first.id]
    assert page["pagination"] == {"current_page": 2, "next_page": 2, "num_pages": 2}


def test_unknown_and_malformed(rig: Rig) -> None:
    for method in ("GET", "PATCH"):
        missing = rig.http.request(method, f"/api/v1/workers/{rig.new_id()}", json={})
        assert (missing.status_code, missing.json()) == (404, {"message": "worker not found"})
        assert rig.http.request(method, "/api/v1/workers/x", json={}).status_code == 400
    worker = rig.worker("pack")
    bodies: list[Any] = [{"isPaused": "maybe"}, [], None]
    for body in bodies:
        assert rig.http.patch(f"/api/v1/workers/{worker.id}", json=body).status_code == 400
