"""One task run: attempts, events, why it waits; cancelling and replaying many."""

from typing import Any

import pytest

from tests.engine_rest.rig import Rig

SINCE = "2020-01-01T00:00:00Z"
HAPPY = ["QUEUED", "ASSIGNED", "STARTED"]


def shown(task: Any) -> tuple[str, int, int, str]:
    return task["status"], task["retryCount"], task["attempt"], task["errorMessage"]


def test_attempts_can_be_looked_at_one_by_one(rig: Rig) -> None:
    rig.workflow("tasks-retried", retries=2)
    worker = rig.worker("tasks-retried")
    run_id = rig.trigger("tasks-retried", {"n": 1})
    worker.started(run_id)
    worker.failed(run_id, "ValueError: one")
    worker.started(run_id, 1)
    worker.failed(run_id, "ValueError: two", 1)
    worker.started(run_id, 2)
    worker.completed(run_id, {"ok": 1}, 2)
    assert shown(rig.task(run_id)) == ("COMPLETED", 2, 3, "")
    assert shown(rig.task(run_id, attempt=3)) == ("COMPLETED", 2, 3, "")
    first = rig.task(run_id, attempt=1)
    assert shown(first) == ("FAILED", 0, 1, "ValueError: one")
    assert shown(rig.task(run_id, attempt=2)) == ("FAILED", 1, 2, "ValueError: two")
    assert first["startedAt"] <= first["finishedAt"]
    assert first["output"] == {}
    assert first["input"]["input"] == {"n": 1}
    assert rig.http.get(f"/api/v1/stable/tasks/{run_id}", params={"attempt": 4}).status_code == 404


@pytest.mark.parametrize("attempt", ["0", "-1", "x", "1.5", str(2**63)])
def test_attempts_are_counted_from_one(rig: Rig, attempt: str) -> None:
    rig.workflow("tasks-attempt")
    run_id = rig.trigger("tasks-attempt")
    response = rig.http.get(f"/api/v1/stable/tasks/{run_id}", params={"attempt": attempt})
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "attempt"


def test_events_of_a_task_that_is_retried_at_once(rig: Rig) -> None:
    rig.workflow("tasks-events", retries=1)
    worker = rig.worker("tasks-events")
    run_id = rig.trigger("tasks-events")
    worker.started(run_id)
    worker.failed(run_id, "ValueError: one")
    worker.started(run_id, 1)
    worker.failed(run_id, "ValueError: two", 1)
    rows = rig.get(f"/api/v1/stable/tasks/{run_id}/task-events")["rows"]
    assert [row["eventType"] for row in rows] == ["CREATED", *HAPPY, "FAILED", "RETRYING", *HAPPY, "FAILED"]
    assert [row["attempt"] for row in rows] == [1, 1, 1, 1, 1, 2, 2, 2, 2, 2]
    assert [row["id"] for row in rows] == list(range(1, 11))
    assert [row["timestamp"] for row in rows] == sorted(row["timestamp"] for row in rows)
    assert {row["workerId"] for row in rows if row["eventType"] == "STARTED"} == {worker.id}
    assert [row["errorMessage"] for row in rows if row["eventType"] == "FAILED"] == [
        "ValueError: one",
        "ValueError: two",
    ]


def test_events_during_and_after_a_backoff(rig: Rig) -> None:
    rig.workflow("tasks-backoff", retries=1, backoff_factor=5)
    worker = rig.worker("tasks-backoff")
    run_id = rig.trigger("tasks-backoff")
    worker.started(run_id)
    worker.failed(run_id, "ValueError: one")
    assert rig.kinds(run_id) == ["CREATED", *HAPPY, "FAILED", "RETRYING"]
    assert shown(rig.task(run_id)) == ("QUEUED", 1, 2, "")
    [cause] = rig.get(f"/api/v1/stable/tasks/{run_id}/explain")["causes"]
    assert cause["kind"] == "retry_backoff"
    rig.tick(6)
    assert rig.kinds(run_id) == ["CREATED", *HAPPY, "FAILED", "RETRYING", "QUEUED", "ASSIGNED"]
    assert rig.get(f"/api/v1/stable/tasks/{run_id}/explain") == {"causes": []}


def test_events_of_a_task_that_is_cancelled_during_its_backoff(rig: Rig) -> None:
    rig.workflow("tasks-backoff-cancelled", retries=1, backoff_factor=5)
    worker = rig.worker("tasks-backoff-cancelled")
    run_id = rig.trigger("tasks-backoff-cancelled")
    worker.started(run_id)
    worker.failed(run_id, "ValueError: one")
    rig.post(rig.path("tasks/cancel"), {"externalIds": [run_id]})
    assert rig.kinds(run_id) == ["CREATED", *HAPPY, "FAILED", "RETRYING", "CANCELLED"]


def test_a_task_that_no_worker_takes_in_time_is_shown_as_cancelled(rig: Rig) -> None:
    rig.workflow("tasks-unassigned", schedule_timeout="30s")
    run_id = rig.trigger("tasks-unassigned")
    rig.tick(31)
    assert shown(rig.task(run_id)) == ("CANCELLED", 0, 1, "")
    assert rig.kinds(run_id) == ["CREATED", "QUEUED", "SCHEDULING_TIMED_OUT"]


def test_a_task_that_runs_too_long(rig: Rig) -> None:
    rig.workflow("tasks-slow", timeout="20s")
    worker = rig.worker("tasks-slow")
    run_id = rig.trigger("tasks-slow")
    worker.started(run_id)
    rig.tick(21)
    assert shown(rig.task(run_id)) == ("FAILED", 0, 1, "Task exceeded timeout of 20s")
    assert rig.kinds(run_id) == ["CREATED", *HAPPY, "TIMED_OUT"]
    assert [cancel.task_id for cancel in worker.inbox.cancels] == [run_id]


def test_a_task_whose_worker_is_lost(rig: Rig) -> None:
    rig.workflow("tasks-lost", timeout="10m")
    lost = rig.worker("tasks-lost")
    run_id = rig.trigger("tasks-lost")
    lost.started(run_id)
    rig.tick(60)
    assert rig.kinds(run_id) == ["CREATED", *HAPPY, "REASSIGNED", "QUEUED"]
    assert rig.task(run_id)["status"] == "QUEUED"
    assert shown(rig.task(run_id, attempt=1))[0] == "FAILED"
    assert "heartbeat" in rig.task(run_id, attempt=1)["errorMessage"]


def test_cancelling_by_id(rig: Rig) -> None:
    rig.workflow("tasks-cancel")
    worker = rig.worker("tasks-cancel", slots=1)
    running, waiting, unknown = rig.trigger("tasks-cancel"), rig.trigger("tasks-cancel"), rig.new_id()
    body = {"externalIds": [running, waiting.upper(), running, unknown]}
    assert set(rig.post(rig.path("tasks/cancel"), body)["ids"]) == {running, waiting}
    assert rig.task(running)["status"] == rig.task(waiting)["status"] == "CANCELLED"
    assert [cancel.task_id for cancel in worker.inbox.cancels] == [running]
    assert rig.post(rig.path("tasks/cancel"), body) == {"ids": []}


def test_replaying_by_id(rig: Rig) -> None:
    rig.workflow("tasks-replay")
    worker = rig.worker("tasks-replay")
    run_id, running = rig.trigger("tasks-replay", {"n": 1}), rig.trigger("tasks-replay")
    worker.started(run_id)
    worker.completed(run_id, {"first": True})
    assert rig.post(rig.path("tasks/replay"), {"externalIds": [run_id, running, rig.new_id()]}) == {"ids": [run_id]}
    replayed = rig.task(run_id)
    assert shown(replayed) == ("RUNNING", 1, 2, "")
    assert replayed["output"] == {}
    first = rig.task(run_id, attempt=1)
    assert (shown(first), first["output"]) == (("COMPLETED", 0, 1, ""), {"first": True})
    expected = ["CREATED", *HAPPY, "FINISHED", "RETRIED_BY_USER", "QUEUED", "ASSIGNED"]
    assert rig.kinds(run_id) == expected
    worker.completed(run_id, {"second": True}, 1)
    assert rig.task(run_id)["output"] == {"second": True}


def test_many_are_cancelled_and_replayed_by_filter(rig: Rig) -> None:
    version = rig.workflow("tasks-bulk")
    ids = [rig.trigger("tasks-bulk", metadata={"batch": str(n % 2)}) for n in range(20)]
    chosen = {"since": SINCE, "workflowIds": [version.workflow_id], "additionalMetadata": ["batch:1"]}
    assert rig.post(rig.path("tasks/cancel"), {"filter": chosen}) == {"ids": ids[1::2]}
    assert rig.post(rig.path("tasks/cancel"), {"filter": chosen}) == {"ids": []}
    only_failed = {**chosen, "statuses": ["FAILED"]}
    assert rig.post(rig.path("tasks/replay"), {"filter": only_failed}) == {"ids": []}
    assert rig.post(rig.path("tasks/replay"), {"filter": chosen}) == {"ids": ids[1::2]}
    assert {rig.task(id)["status"] for id in ids} == {"QUEUED"}


def test_over_a_thousand_in_one_call(rig: Rig) -> None:
    version = rig.workflow("tasks-thousand")
    ids = [rig.trigger("tasks-thousand") for _ in range(1100)]
    assert set(rig.post(rig.path("tasks/cancel"), {"externalIds": ids})["ids"]) == set(ids)
    whole = {"since": SINCE, "workflowIds": [version.workflow_id]}
    assert rig.post(rig.path("tasks/replay"), {"filter": whole})["ids"] == ids[:1000]
    assert rig.post(rig.path("tasks/replay"), {"filter": whole})["ids"] == ids[1000:]


@pytest.mark.parametrize("verb", ["cancel", "replay"])
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "either"),
        ({"externalIds": ["01890a5d-ac96-774b-bcce-b302099a8057"], "filter": {"since": SINCE}}, "either"),
        ({"externalIds": ["x"]}, "UUID"),
        ({"externalIds": "01890a5d-ac96-774b-bcce-b302099a8057"}, "list"),
        ({"externalIds": [None]}, "string"),
        ({"filter": {}}, "since"),
        ({"filter": {"since": "yesterday"}}, "RFC 3339"),
        ({"filter": {"since": 5}}, "RFC 3339"),
        ({"filter": {"since": SINCE, "statuses": ["LOST"]}}, "QUEUED"),
        ({"filter": {"since": SINCE, "additionalMetadata": ["nocolon"]}}, "key:value"),
        ({"filter": {"since": SINCE, "workflowIds": ["x"]}}, "UUID"),
        ([], "object"),
    ],
)
def test_requests_that_name_nothing_are_400(rig: Rig, verb: str, body: Any, said: str) -> None:
    response = rig.http.post(rig.path(f"tasks/{verb}"), json=body)
    assert response.status_code == 400
    assert said in response.json()["errors"][0]["description"]


@pytest.mark.parametrize(("verb", "most"), [("cancel", 20_000), ("replay", 1_000)])
def test_too_many_ids_are_400(rig: Rig, verb: str, most: int) -> None:
    ids = [f"01890a5d-ac96-774b-bcce-{number:012x}" for number in range(most + 1)]
    response = rig.http.post(rig.path(f"tasks/{verb}"), json={"externalIds": ids})
    assert response.status_code == 400
    assert f"at most {most}" in response.json()["errors"][0]["description"]
    assert rig.post(rig.path(f"tasks/{verb}"), {"externalIds": ids[:-1]}) == {"ids": []}


def test_why_a_task_waits(rig: Rig) -> None:
    rig.workflow("tasks-explained")
    worker = rig.worker("tasks-explained", slots=1)
    first, second = rig.trigger("tasks-explained"), rig.trigger("tasks-explained")
    path = "/api/v1/stable/tasks/{}/explain"
    assert rig.get(path.format(first)) == {"causes": []}
    [cause] = rig.get(path.format(second))["causes"]
    assert cause["kind"] == "worker_full"
    assert cause["detail"]["held_by"] == [first]
    worker.completed(first)
    assert rig.get(path.format(first)) == rig.get(path.format(second)) == {"causes": []}


@pytest.mark.parametrize("rest", ["", "/task-events", "/explain", "/logs"])
def test_unknown_and_malformed_ids(rig: Rig, rest: str) -> None:
    missing = rig.http.get(f"/api/v1/stable/tasks/{rig.new_id()}{rest}")
    assert (missing.status_code, missing.json()) == (404, {"message": "task not found"})
    for bad in ("x", "01890a5dac96774bbcceb302099a8057", "{01890a5d-ac96-774b-bcce-b302099a8057}", "%00", "%ff"):
        assert rig.http.get(f"/api/v1/stable/tasks/{bad}{rest}").status_code == 400, bad
