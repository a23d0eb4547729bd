"""`hatchet worker list|get|pause|unpause` and `hatchet workflows`, against answers of the API."""

from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.cli.fake_rest import CREATED, TENANT, WORKER, WORKFLOW, FakeRest, metadata

WORKERS, ONE = f"GET /api/v1/tenants/{TENANT}/worker", f"/api/v1/workers/{WORKER}"
WORKFLOWS = f"GET /api/v1/tenants/{TENANT}/workflows"


def worker(**changes: Any) -> dict[str, Any]:
    row = {
        "metadata": metadata(WORKER),
        "name": "images",
        "status": "ACTIVE",
        "lastHeartbeatAt": CREATED,
        "slotConfig": {"default": {"available": 3, "limit": 10}},
        "labels": [{"metadata": metadata(WORKER), "key": "gpu", "value": "a100"}],
        "actions": ["resize:resize"],
        "registeredWorkflows": [{"id": WORKFLOW, "name": "resize"}],
        "runtimeInfo": {"language": "PYTHON", "sdkVersion": "1.2.3"},
    }
    return row | changes


def test_list_shows_slots_and_labels(cli: Cli, rest: FakeRest) -> None:
    rest.routes[WORKERS] = {"rows": [worker()]}
    shown = cli.ok("worker", "list").stdout
    assert all(text in shown for text in (WORKER, "images", "ACTIVE", "7/10", "gpu=a100"))
    assert cli.document("workers", "list") == {"rows": [worker()]}


def test_get_by_id_and_by_name(cli: Cli, rest: FakeRest) -> None:
    rest.routes[WORKERS] = {"rows": [worker(), worker(status="INACTIVE", metadata=metadata(WORKFLOW))]}
    rest.routes[f"GET {ONE}"] = worker()
    for name in (WORKER, "images"):
        shown = cli.ok("workers", "get", name).stdout
        assert all(text in shown for text in ("resize:resize", "PYTHON 1.2.3", "7/10"))


def test_a_name_that_two_workers_have_is_refused_with_their_ids(cli: Cli, rest: FakeRest) -> None:
    rest.routes[WORKERS] = {"rows": [worker(), worker(metadata=metadata(WORKFLOW))]}
    result = cli.failure("workers", "pause", "images")
    assert WORKER in result.stderr
    assert WORKFLOW in result.stderr


def test_an_unknown_worker(cli: Cli, rest: FakeRest) -> None:
    rest.routes[WORKERS] = {"rows": []}
    assert "hatchet worker list" in cli.failure("workers", "get", "images").stderr


@pytest.mark.parametrize(("verb", "paused"), [("pause", True), ("unpause", False)])
def test_pausing(cli: Cli, rest: FakeRest, verb: str, paused: bool) -> None:
    rest.routes[WORKERS] = {"rows": [worker()]}
    rest.routes[f"PATCH {ONE}"] = worker(status="PAUSED" if paused else "ACTIVE")
    assert ("PAUSED" in cli.ok("workers", verb, "images").stdout) is paused
    assert rest.bodies(f"PATCH {ONE}") == [{"isPaused": paused}]


def workflow() -> dict[str, Any]:
    return {"metadata": metadata(WORKFLOW), "name": "resize", "tenantId": TENANT, "versions": [{}, {}]}


def test_workflows(cli: Cli, rest: FakeRest) -> None:
    rest.routes[WORKFLOWS] = {"rows": [workflow()]}
    assert "resize" in cli.ok("workflows", "list", "--search", "size").stdout
    assert rest.queries(WORKFLOWS)[0] == {"name": ["size"], "limit": ["50"], "offset": ["0"]}


def test_one_workflow(cli: Cli, rest: FakeRest) -> None:
    step = {"readableId": "resize", "action": "resize:resize", "timeout": "60s", "parents": []}
    rest.routes[WORKFLOWS] = {"rows": [workflow()]}
    rest.routes[f"GET /api/v1/workflows/{WORKFLOW}/versions"] = {
        "metadata": metadata(WORKFLOW), "version": "v2", "order": 2, "jobs": [{"steps": [step]}],
    }  # fmt: skip
    shown = cli.ok("workflows", "get", "resize").stdout
    assert all(text in shown for text in (WORKFLOW, "resize:resize", "60s"))
    assert cli.document("workflows", "get", "resize")["newestVersion"]["order"] == 2
