"""Answers of the REST API."""

from typing import Any

from tests.sdk_api.tokens import TENANT

NOW = "2026-01-02T03:04:05.000006Z"
META = {"id": "m-1", "createdAt": NOW, "updatedAt": NOW}
PAGES = {"current_page": 1, "next_page": 2, "num_pages": 3}
TENANT_PATH = f"/api/v1/stable/tenants/{TENANT}"


def summary(number: int = 0, **fields: Any) -> dict[str, Any]:
    return {
        "metadata": {**META, "id": f"m-{number}"},
        "createdAt": NOW,
        "displayName": "t-1",
        "input": {},
        "output": {"a": 1},
        "numSpawnedChildren": 0,
        "status": "COMPLETED",
        "taskExternalId": "t-1",
        "taskId": 1,
        "taskInsertedAt": NOW,
        "tenantId": TENANT,
        "type": "TASK",
        "workflowId": "w-1",
        "workflowRunExternalId": "r-1",
        **fields,
    }


def details() -> dict[str, Any]:
    run = {
        "metadata": META,
        "status": "COMPLETED",
        "tenantId": TENANT,
        "displayName": "t-1",
        "workflowId": "w-1",
        "output": {"a": 1},
        "input": {"b": 2},
    }
    event = {"id": 1, "taskId": "t-1", "timestamp": NOW, "eventType": "FINISHED", "message": ""}
    shape = {"taskExternalId": "t-1", "stepId": "s-1", "childrenStepIds": [], "taskName": "t"}
    return {"run": run, "taskEvents": [event], "shape": [shape], "tasks": [summary()]}


WORKER = {"metadata": META, "name": "w", "type": "SELFHOSTED", "status": "ACTIVE", "labels": []}
WORKFLOW = {
    "metadata": META,
    "name": "flow",
    "tenantId": TENANT,
    "isPaused": False,
    "versions": [{"metadata": META, "version": "v1", "order": 1, "workflowId": "m-1"}],
}
