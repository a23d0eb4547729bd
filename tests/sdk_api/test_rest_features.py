"""The other feature clients over HTTP."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hatchet_sdk import Hatchet, V1TaskStatus
from hatchet_sdk.clients.rest.models.update_worker_request import UpdateWorkerRequest
from tests.sdk_api.conftest import hatchet_on
from tests.sdk_api.fakes import FakeConnection
from tests.sdk_api.rest_samples import META, NOW, PAGES, TENANT_PATH, WORKER, WORKFLOW, summary
from tests.sdk_api.rest_server import RestServer
from tests.sdk_api.tokens import TENANT


def test_workers(rest: Hatchet, server: RestServer) -> None:
    server.answer((200, {"pagination": PAGES, "rows": [WORKER]}), (200, WORKER))
    listed = rest.workers.list().rows
    assert listed is not None
    assert listed[0].status == "ACTIVE"
    assert server.last.path == f"/api/v1/tenants/{TENANT}/worker"
    rest.workers.get("w-1")
    rest.workers.pause("w-1")
    rest.workers.unpause("w-1")
    rest.workers.update("w-1", UpdateWorkerRequest(is_paused=True))
    assert {request.path for request in server.requests[1:]} == {"/api/v1/workers/w-1"}
    assert [(request.method, request.body) for request in server.requests[1:]] == [
        ("GET", None),
        ("PATCH", {"isPaused": True}),
        ("PATCH", {"isPaused": False}),
        ("PATCH", {"isPaused": True}),
    ]


def test_workflows(rest: Hatchet, server: RestServer) -> None:
    version = {**WORKFLOW["versions"][0], "jobs": [], "workflowConfig": {}}  # type: ignore[index]  # our own dict
    server.answer(
        (200, {"rows": [WORKFLOW], "pagination": PAGES}),
        (200, WORKFLOW),
        (200, version),
        (204, None),
        (200, WORKFLOW),
    )
    assert rest.workflows.list("flow", limit=5).rows is not None
    assert server.last.query == {"name": ["flow"], "limit": ["5"]}
    found = rest.workflows.get("m-1")
    assert found.versions is not None
    assert found.versions[0].order == 1
    assert rest.workflows.get_version("m-1").version == "v1"
    rest.workflows.delete("m-1")
    rest.workflows.pause("m-1", timedelta(minutes=10), "DROP")
    rest.workflows.unpause("m-1")
    assert [(request.method, request.path) for request in server.requests] == [
        ("GET", f"/api/v1/tenants/{TENANT}/workflows"),
        ("GET", "/api/v1/workflows/m-1"),
        ("GET", "/api/v1/workflows/m-1/versions"),
        ("DELETE", "/api/v1/workflows/m-1"),
        ("PATCH", "/api/v1/workflows/m-1"),
        ("PATCH", "/api/v1/workflows/m-1"),
    ]
    assert [request.body for request in server.requests[-2:]] == [
        {
            "pause": {
                "action": "pause",
                "pausedWorkflowQueueTTL": "10m",
                "pausedWorkflowCronRunQueueBehavior": "DROP",
                "pausedWorkflowScheduledRunQueueBehavior": "QUEUE",
            }
        },
        {"pause": {"action": "unpause"}},
    ]


def test_logs(rest: Hatchet, server: RestServer) -> None:
    line = {"createdAt": NOW, "message": "hello", "metadata": {}, "level": "INFO", "retryCount": 0}
    server.answer((200, {"pagination": {}, "rows": [line]}))
    rows = rest.logs.list("t-1", since=datetime(2026, 1, 1)).rows
    assert rows is not None
    assert (rows[0].message, rows[0].level) == ("hello", "INFO")
    assert server.last.path == "/api/v1/stable/tasks/t-1/logs"
    assert server.last.query == {"limit": ["1000"], "since": ["2026-01-01T00:00:00.000000Z"]}


async def test_what_a_workflow_offers(connection: FakeConnection, server: RestServer) -> None:
    rest = hatchet_on(connection, server_url=server.url, namespace="ns")
    flow = rest.workflow(name="Flow")
    rows = [{**WORKFLOW, "name": "ns_Flowers"}, {**WORKFLOW, "name": "ns_Flow", "metadata": {**META, "id": "w-9"}}]
    server.answer((200, {"rows": rows}), (200, {"pagination": {}, "rows": [summary()]}))
    assert flow.id == "w-9"
    assert server.last.query["name"] == ["ns_Flow"]
    runs = await flow.aio_list_runs(statuses=[V1TaskStatus.FAILED])
    assert [run.task_external_id for run in runs] == ["t-1"]
    assert (server.last.query["workflow_ids"], server.last.query["limit"]) == (["w-9"], ["100"])
    server.answer((200, WORKFLOW), (200, WORKFLOW), (204, None))
    flow.pause(timedelta(hours=1))
    await flow.aio_unpause()
    flow.delete()
    assert [request.path for request in server.requests[-3:]] == ["/api/v1/workflows/w-9"] * 3


def test_an_unregistered_workflow_has_no_id(rest: Hatchet, server: RestServer) -> None:
    server.answer((200, {"rows": [WORKFLOW]}))
    with pytest.raises(ValueError, match="No workflow named 'other' is registered"):
        _ = rest.workflow(name="other").id


async def test_cancelling_from_inside(rest: Hatchet, server: RestServer, make_context: Any) -> None:
    server.answer((200, {"ids": []}))
    ctx = make_context()
    ctx._client = rest._client
    await ctx.aio_cancel()
    assert (server.last.path, server.last.body) == (f"{TENANT_PATH}/tasks/cancel", {"externalIds": ["task-1"]})
    assert ctx.is_cancelled
