"""`hatchet.runs` over HTTP: what is asked, and what is made of the answers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hatchet_sdk import BulkCancelReplayOpts, Hatchet, Priority, RunFilter, V1TaskStatus
from tests.sdk_api.conftest import hatchet_on
from tests.sdk_api.fakes import FakeConnection
from tests.sdk_api.rest_samples import NOW, PAGES, TENANT_PATH, details, summary
from tests.sdk_api.rest_server import RestServer
from tests.sdk_api.tokens import token


async def test_get(rest: Hatchet, server: RestServer) -> None:
    server.answer((200, details()))
    found = await rest.runs.aio_get("r-1")
    assert (found.run.status, found.run.output, found.tasks[0].task_external_id) == ("COMPLETED", {"a": 1}, "t-1")
    assert found.task_events[0].event_type == "FINISHED"
    assert (server.last.method, server.last.path) == ("GET", "/api/v1/stable/workflow-runs/r-1")
    assert server.last.authorization == f"Bearer {token()}"
    assert rest.runs.get("r-1") == found


def test_status(rest: Hatchet, server: RestServer) -> None:
    server.answer((200, "RUNNING"))
    assert rest.runs.get_status("r-1") is V1TaskStatus.RUNNING
    assert server.last.path == "/api/v1/stable/workflow-runs/r-1/status"


def test_task_run(rest: Hatchet, server: RestServer) -> None:
    server.answer((200, summary(retryCount=1, attempt=2)))
    found = rest.runs.get_task_run("t-1")
    assert (found.retry_count, found.attempt, found.created_at) == (1, 2, datetime.fromisoformat(NOW))
    assert server.last.path == "/api/v1/stable/tasks/t-1"


def test_result(rest: Hatchet, server: RestServer) -> None:
    server.answer((200, details()))
    assert rest.runs.get_result("r-1") == {"a": 1}


def test_list(rest: Hatchet, server: RestServer) -> None:
    server.answer((200, {"pagination": PAGES, "rows": [summary()]}))
    page = rest.runs.list(
        since=datetime(2026, 1, 1, tzinfo=UTC),
        until=datetime(2026, 1, 2),
        only_tasks=True,
        offset=5,
        limit=10,
        statuses=[V1TaskStatus.FAILED, V1TaskStatus.QUEUED],
        additional_metadata={"a": "1", "b": "2"},
        workflow_ids=["w-1", "w-2"],
        worker_id="x",
        parent_task_external_id="y",
        triggering_event_external_id="z",
        include_payloads=False,
    )
    assert (page.pagination.num_pages, page.rows[0].workflow_run_external_id) == (3, "r-1")
    assert server.last.path == f"{TENANT_PATH}/workflow-runs"
    assert server.last.query == {
        "since": ["2026-01-01T00:00:00.000000Z"],
        "until": ["2026-01-02T00:00:00.000000Z"],
        "only_tasks": ["true"],
        "offset": ["5"],
        "limit": ["10"],
        "statuses": ["FAILED", "QUEUED"],
        "additional_metadata": ["a:1", "b:2"],
        "workflow_ids": ["w-1", "w-2"],
        "worker_id": ["x"],
        "parent_task_external_id": ["y"],
        "triggering_event_external_id": ["z"],
        "include_payloads": ["false"],
    }


def test_list_looks_one_day_back(rest: Hatchet, server: RestServer) -> None:
    server.answer((200, {"pagination": {}, "rows": []}))
    rest.runs.list()
    since = datetime.fromisoformat(server.last.query["since"][0])
    assert abs(datetime.now(UTC) - timedelta(days=1) - since) < timedelta(minutes=1)
    assert server.last.query.keys() == {"since", "only_tasks", "include_payloads"}


def test_a_wide_window_warns(rest: Hatchet, server: RestServer) -> None:
    server.answer((200, {"pagination": {}, "rows": []}))
    with pytest.warns(RuntimeWarning, match="list_with_pagination"):
        rest.runs.list(since=datetime.now(UTC) - timedelta(days=8))


async def test_all_pages_of_all_days(rest: Hatchet, server: RestServer) -> None:
    full = [summary(number) for number in range(500)]
    old = summary(1000, createdAt="2026-01-01T00:00:00Z")
    server.answer((200, {"pagination": {}, "rows": full}), (200, {"pagination": {}, "rows": [full[0], old]}))
    since, until = datetime(2026, 1, 1, 12, tzinfo=UTC), datetime(2026, 1, 2, 12, tzinfo=UTC)
    rows = await rest.runs.aio_list_with_pagination(since=since, until=until)
    assert len(rows) == 501
    assert rows[-1].metadata.id == "m-1000"
    windows = {(request.query["since"][0], request.query["until"][0]) for request in server.requests}
    assert windows == {
        ("2026-01-01T12:00:00.000000Z", "2026-01-02T00:00:00.000000Z"),
        ("2026-01-02T00:00:00.000000Z", "2026-01-02T12:00:00.000000Z"),
    }
    assert sorted(int(request.query["offset"][0]) for request in server.requests) == [0, 0, 500]
    server.answer((200, {"pagination": {}, "rows": full[:3]}))
    some = rest.runs.list_with_pagination(since=since, until=until, offset=1, limit=1)
    assert len(some) == 1


def test_create(connection: FakeConnection, server: RestServer) -> None:
    rest = hatchet_on(connection, server_url=server.url, namespace="ns")
    server.answer((200, details()))
    rest.runs.create("flow", {"a": 1}, additional_metadata={"m": 1}, priority=Priority.HIGH)
    assert (server.last.method, server.last.path) == ("POST", f"{TENANT_PATH}/workflow-runs/trigger")
    assert server.last.body == {
        "workflowName": "ns_flow",
        "input": {"a": 1},
        "additionalMetadata": {"m": 1},
        "priority": 3,
    }


@pytest.mark.parametrize("what", ["cancel", "replay"])
async def test_cancel_and_replay(rest: Hatchet, server: RestServer, what: str) -> None:
    server.answer((200, {"ids": ["r-1"]}))
    await getattr(rest.runs, f"aio_{what}")("r-1")
    getattr(rest.runs, what)("r-2")
    since = datetime(2026, 1, 1, tzinfo=UTC)
    opts = BulkCancelReplayOpts(
        filters=RunFilter(since=since, statuses=[V1TaskStatus.FAILED], additional_metadata={"a": "1"})
    )
    getattr(rest.runs, f"bulk_{what}")(opts)
    assert {request.path for request in server.requests} == {f"{TENANT_PATH}/tasks/{what}"}
    assert [request.body for request in server.requests] == [
        {"externalIds": ["r-1"]},
        {"externalIds": ["r-2"]},
        {"filter": {"since": "2026-01-01T00:00:00Z", "statuses": ["FAILED"], "additionalMetadata": ["a:1"]}},
    ]


@pytest.mark.parametrize(("what", "statuses"), [("cancel", ["RUNNING", "QUEUED"]), ("replay", ["FAILED", "CANCELLED"])])
def test_in_chunks(rest: Hatchet, server: RestServer, what: str, statuses: list[str]) -> None:
    server.answer((200, ["a", "b", "c"]), (200, {"ids": []}))
    method = getattr(rest.runs, f"bulk_{what}_by_filters_with_pagination")
    method(sleep_time=0, chunk_size=2, workflow_ids=["w-1"])
    listing, first, second = server.requests
    assert (listing.path, listing.query["statuses"]) == (f"{TENANT_PATH}/workflow-runs/external-ids", statuses)
    assert [first.body, second.body] == [{"externalIds": ["a", "b"]}, {"externalIds": ["c"]}]


@pytest.mark.parametrize("given", [{}, {"ids": ["a"], "filters": RunFilter(since=datetime(2026, 1, 1))}])
def test_ids_or_filters(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="either ids or filters"):
        BulkCancelReplayOpts(**given)
