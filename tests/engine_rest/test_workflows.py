"""Workflows and their versions."""

from typing import Any

from tests.engine_rest.rig import Rig


def listed(rig: Rig, **params: Any) -> list[str]:
    rows = rig.get(f"/api/v1/tenants/{rig.tenant}/workflows", **params)["rows"]
    return [row["name"] for row in rows]


def test_list_by_part_of_the_name(rig: Rig) -> None:
    for name in ("Billing.invoice", "billing_remind", "other"):
        rig.workflow(name)
    assert listed(rig, name="BILLING") == ["billing_remind", "Billing.invoice"]
    assert listed(rig, name="billing_remind") == ["billing_remind"]
    assert listed(rig, name="billing%") == []
    assert listed(rig, name="g_") == ["billing_remind"], "no wildcard"
    assert listed(rig, name="nothing") == []
    assert set(listed(rig)) >= {"Billing.invoice", "billing_remind", "other"}


def test_pages(rig: Rig) -> None:
    for number in range(3):
        rig.workflow(f"paged-{number}")
    path = f"/api/v1/tenants/{rig.tenant}/workflows"
    first = rig.get(path, name="paged-", limit=2)
    last = rig.get(path, name="paged-", limit=2, offset=2)
    assert [row["name"] for row in first["rows"]] == ["paged-2", "paged-1"]
    assert [row["name"] for row in last["rows"]] == ["paged-0"]
    assert first["pagination"] == {"current_page": 1, "next_page": 2, "num_pages": 2}
    assert last["pagination"] == {"current_page": 2, "next_page": 2, "num_pages": 2}


def test_a_workflow_with_its_versions_newest_first(rig: Rig) -> None:
    first = rig.workflow("versions", timeout="10s")
    second = rig.workflow("versions", timeout="20s")
    assert second.workflow_id == first.workflow_id
    shown = rig.get(f"/api/v1/workflows/{first.workflow_id}")
    assert (shown["name"], shown["tenantId"], shown["isPaused"]) == ("versions", rig.tenant, False)
    assert [version["metadata"]["id"] for version in shown["versions"]] == [second.id, first.id]
    assert [version["order"] for version in shown["versions"]] == [2, 1]
    [step] = shown["jobs"][0]["steps"]
    assert (step["readableId"], step["action"], step["timeout"]) == ("versions", "versions:versions", "20s")
    assert step["metadata"]["id"] == second.step_ids[0]


def test_a_version(rig: Rig) -> None:
    first = rig.workflow("versioned", timeout="10s")
    second = rig.workflow("versioned", timeout="1h", schedule_timeout="90s")
    path = f"/api/v1/workflows/{first.workflow_id}/versions"
    newest = rig.get(path)
    assert newest["metadata"]["id"] == second.id
    assert (newest["order"], newest["scheduleTimeout"], newest["defaultPriority"]) == (2, "90s", 1)
    assert newest["workflowConfig"]["tasks"][0]["timeout"] == "1h"
    assert newest["workflow"]["name"] == "versioned"
    older = rig.get(path, version=first.id)
    assert (older["metadata"]["id"], older["order"]) == (first.id, 1)
    missing = rig.http.get(path, params={"version": rig.new_id()})
    assert (missing.status_code, missing.json()) == (404, {"message": "workflow version not found"})
    assert rig.http.get(path, params={"version": "x"}).status_code == 400


def test_a_workflow_with_several_tasks_shows_who_follows_whom(rig: Rig) -> None:
    tasks = [
        {"readable_id": "one", "action": "graph:one"},
        {"readable_id": "two", "action": "graph:two", "parents": ["one"]},
        {"readable_id": "three", "action": "graph:three", "parents": ["one", "two"]},
    ]
    failure = {"readable_id": "failed", "action": "graph:failed"}
    version = rig.register({"name": "graph", "tasks": tasks, "on_failure_task": failure})
    [job] = rig.get(f"/api/v1/workflows/{version.workflow_id}")["jobs"]
    names = {step["metadata"]["id"]: step["readableId"] for step in job["steps"]}
    follows = {step["readableId"]: [names[id] for id in step["children"]] for step in job["steps"]}
    needs = {step["readableId"]: [names[id] for id in step["parents"]] for step in job["steps"]}
    assert follows == {"one": ["two", "three"], "two": ["three"], "three": [], "failed": []}
    assert needs == {"one": [], "two": ["one"], "three": ["one", "two"], "failed": []}


def test_unknown_and_malformed(rig: Rig) -> None:
    for rest in ("", "/versions"):
        missing = rig.http.get(f"/api/v1/workflows/{rig.new_id()}{rest}")
        assert (missing.status_code, missing.json()) == (404, {"message": "workflow not found"})
        assert rig.http.get(f"/api/v1/workflows/x{rest}").status_code == 400
