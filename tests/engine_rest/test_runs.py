"""Creating runs and looking at one."""

import re
import uuid
from typing import Any

import pytest

from tests.engine_rest.rig import Rig

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")


def create(rig: Rig, workflow: str, input: Any = None, **more: Any) -> Any:
    return rig.post(rig.path("workflow-runs/trigger"), {"workflowName": workflow, "input": input or {}, **more})


def test_a_created_run_is_answered_with_its_details(rig: Rig) -> None:
    version = rig.workflow("runs-create")
    details = create(rig, "runs-create", {"n": 1, "ä": [1.5, None]}, additionalMetadata={"team": "red"}, priority=3)
    run, [task] = details["run"], details["tasks"]
    assert uuid.UUID(run["metadata"]["id"]).version == 7
    assert run["status"] == task["status"] == "QUEUED"
    assert run["input"] == {"n": 1, "ä": [1.5, None]}
    assert run["output"] == task["output"] == {}
    assert run["additionalMetadata"] == task["additionalMetadata"] == {"team": "red"}
    assert run["workflowId"] == version.workflow_id
    assert run["workflowVersionId"] == version.id
    assert run["tenantId"] == rig.tenant
    assert run["errorMessage"] == ""
    assert not {"startedAt", "finishedAt", "duration", "parentTaskExternalId"} & run.keys()
    assert task["metadata"]["id"] == task["taskExternalId"] == task["workflowRunExternalId"] == run["metadata"]["id"]
    assert task["input"]["input"] == run["input"]
    assert (task["retryCount"], task["attempt"], task["type"]) == (0, 1, "TASK")
    assert task["actionId"] == "runs-create:runs-create"
    assert details["workflowConfig"]["name"] == "runs-create"
    assert RFC3339.fullmatch(run["metadata"]["createdAt"])
    name, _, millis = run["displayName"].rpartition("-")
    assert name == "runs-create"
    assert abs(int(millis) - rig.clock() // 1000) < 60_000


def test_with_return_only_id_the_answer_is_the_run_without_the_rest(rig: Rig) -> None:
    rig.workflow("runs-only-id")
    details = create(rig, "runs-only-id", {"big": "x" * 1000}, return_only_id=True)
    assert rig.details(details["run"]["metadata"]["id"])["run"]["input"] == {"big": "x" * 1000}
    assert details["run"]["input"] == {}
    assert details["tasks"] == details["taskEvents"] == details["shape"] == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"workflowName": "runs-unknown"}, "runs-unknown"),
        ({"workflowName": ""}, "not found"),
        ({"priority": 4}, "priority"),
        ({"priority": 0}, "priority"),
        ({"priority": "high"}, "priority"),
        ({"input": []}, "input"),
        ({"input": None}, "input"),
        ({"additionalMetadata": "x"}, "additionalMetadata"),
        ({"input": {"a": "\x00"}}, "U+0000"),
        ({"additionalMetadata": {"\x00": 1}}, "U+0000"),
    ],
)
def test_what_cannot_be_run_is_400(rig: Rig, change: Any, said: str) -> None:
    rig.workflow("runs-refused")
    body = {"workflowName": "runs-refused", "input": {}, **change}
    response = rig.http.post(rig.path("workflow-runs/trigger"), json=body)
    assert response.status_code == 400, response.text
    assert said in response.json()["errors"][0]["description"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"{",
        b"\xff\xfe{}",
        b'{"workflowName":"runs-refused","input":{"a":NaN}}',
        b'{"workflowName":"runs-refused","input":{"a":1e999}}',
        b'{"workflowName":"runs-refused","input":{"a":"\\ud800"}}',
        b'{"workflowName":"runs-refused","input":{"a":' + b"[" * 100 + b"]" * 100 + b"}}",
        b'{"workflowName":"runs-refused","input":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        b'{"workflowName":"runs-refused","input":{"a":' + b"1" * 5000 + b"}}",
    ],
)
def test_bodies_that_are_not_good_json_are_400(rig: Rig, content: bytes) -> None:
    rig.workflow("runs-refused")
    headers = {"Content-Type": "application/json"}
    response = rig.http.post(rig.path("workflow-runs/trigger"), content=content, headers=headers)
    assert response.status_code == 400, response.text
    assert response.json().keys() <= {"errors", "message"}


def test_a_body_that_is_too_large_is_413(rig: Rig) -> None:
    body = {"workflowName": "runs-refused", "input": {"a": "x" * (5 * 1024 * 1024)}}
    assert rig.http.post(rig.path("workflow-runs/trigger"), json=body).status_code == 413


def test_a_workflow_that_this_engine_does_not_execute_is_501(rig: Rig) -> None:
    steps = [{"readable_id": name, "action": f"runs-dag:{name}"} for name in ("one", "two")]
    rig.register({"name": "runs-dag", "tasks": steps})
    response = rig.http.post(rig.path("workflow-runs/trigger"), json={"workflowName": "runs-dag", "input": {}})
    assert response.status_code == 501
    assert "several tasks" in response.json()["errors"][0]["description"]


def test_details_of_a_completed_run(rig: Rig) -> None:
    rig.workflow("runs-done")
    worker = rig.worker("runs-done")
    run_id = rig.trigger("runs-done", {"n": 1})
    worker.started(run_id)
    worker.completed(run_id, {"answer": 42})
    details = rig.details(run_id)
    run, [task] = details["run"], details["tasks"]
    assert run["status"] == task["status"] == "COMPLETED"
    assert run["output"] == task["output"] == {"answer": 42}
    assert run["startedAt"] <= run["finishedAt"]
    assert run["duration"] == task["duration"] >= 0
    assert "explain" not in task
    assert [event["eventType"] for event in details["taskEvents"]] == [
        "CREATED",
        "QUEUED",
        "ASSIGNED",
        "STARTED",
        "FINISHED",
    ]
    assert all(event["taskId"] == run_id for event in details["taskEvents"])
    assert [event["id"] for event in details["taskEvents"]] == [1, 2, 3, 4, 5]
    assert details["shape"] == [
        {"taskExternalId": run_id, "stepId": task["stepId"], "childrenStepIds": [], "taskName": "runs-done"}
    ]


def test_a_failed_run_shows_its_error(rig: Rig) -> None:
    rig.workflow("runs-failed")
    worker = rig.worker("runs-failed")
    run_id = rig.trigger("runs-failed")
    error = 'ValueError: no\nTraceback …\n\n{"__hatchet_error_metadata__": {}}'
    worker.failed(run_id, error)
    details = rig.details(run_id)
    assert details["run"]["status"] == "FAILED"
    assert details["run"]["errorMessage"] == details["tasks"][0]["errorMessage"] == error
    assert details["run"]["output"] == {}
    [failed] = [event for event in details["taskEvents"] if event["eventType"] == "FAILED"]
    assert failed["errorMessage"] == error
    assert failed["message"] == "ValueError: no"


def test_details_of_a_waiting_run_say_why_it_waits(rig: Rig) -> None:
    rig.workflow("runs-waiting")
    run_id = rig.trigger("runs-waiting")
    [cause] = rig.details(run_id)["tasks"][0]["explain"]
    assert cause["kind"] == "no_worker"
    assert "runs-waiting:runs-waiting" in cause["message"]
    assert cause["detail"] == {"action": "runs-waiting:runs-waiting"}


def test_status_is_a_bare_string(rig: Rig) -> None:
    rig.workflow("runs-status")
    run_id = rig.trigger("runs-status")
    path = f"/api/v1/stable/workflow-runs/{run_id}/status"
    assert rig.get(path) == "QUEUED"
    worker = rig.worker("runs-status")
    assert rig.get(path) == "RUNNING"
    worker.completed(run_id)
    assert rig.get(path) == "COMPLETED"


def test_events_of_a_run_are_paged(rig: Rig) -> None:
    rig.workflow("runs-events")
    worker = rig.worker("runs-events")
    run_id = rig.trigger("runs-events")
    worker.completed(run_id)
    path = f"/api/v1/stable/workflow-runs/{run_id}/task-events"
    everything = rig.get(path)
    assert everything["pagination"] == {"current_page": 1, "next_page": 2, "num_pages": 1}
    page = rig.get(path, offset=2, limit=2)
    assert page["rows"] == everything["rows"][2:4]
    assert page["pagination"] == {"current_page": 2, "next_page": 3, "num_pages": 3}
    assert rig.get(path, offset=10**18)["rows"] == []


def test_timings_reach_down_to_children(rig: Rig) -> None:
    rig.workflow("runs-parent")
    parent = rig.trigger("runs-parent")
    more = {"parent_run_id": parent, "parent_task_id": parent}
    child = rig.trigger("runs-parent", child_index=0, **more)
    grandchild = rig.trigger("runs-parent", child_index=0, parent_run_id=child, parent_task_id=child)
    path = f"/api/v1/stable/workflow-runs/{parent}/task-timings"

    def seen(**params: Any) -> list[tuple[str, int]]:
        return [(row["taskExternalId"], row["depth"]) for row in rig.get(path, **params)["rows"]]

    assert seen() == [(parent, 0)]
    assert seen(depth=1) == [(parent, 0), (child, 1)]
    assert seen(depth=5) == [(parent, 0), (child, 1), (grandchild, 2)]
    assert rig.details(child)["run"]["parentTaskExternalId"] == parent
    assert rig.task(parent)["numSpawnedChildren"] == 1


@pytest.mark.parametrize("rest", ["", "/status", "/task-events", "/task-timings"])
def test_unknown_and_malformed_ids(rig: Rig, rest: str) -> None:
    missing = rig.http.get(f"/api/v1/stable/workflow-runs/{rig.new_id()}{rest}")
    assert (missing.status_code, missing.json()) == (404, {"message": "workflow run not found"})
    malformed = rig.http.get(f"/api/v1/stable/workflow-runs/not-a-uuid{rest}")
    assert malformed.status_code == 400
    assert "must be a UUID" in malformed.json()["message"]


def test_ids_are_found_in_upper_case_too(rig: Rig) -> None:
    rig.workflow("runs-case")
    run_id = rig.trigger("runs-case")
    assert rig.details(run_id.upper())["run"]["metadata"]["id"] == run_id
