"""The feature clients over HTTP: what they ask, what they make of the answers, what they retry."""

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import tenacity

from hatchet_sdk import BulkCancelReplayOpts, Hatchet, Priority, RunFilter, V1TaskStatus
from hatchet_sdk.clients.rest.exceptions import (
    ApiException,
    BadRequestException,
    ConflictException,
    ForbiddenException,
    NotFoundException,
    OpenApiException,
    RestConnectionError,
    RestProtocolError,
    RestTimeoutError,
    RestTLSError,
    RestTransportError,
    ServiceException,
    TooManyRequestsException,
    UnauthorizedException,
    UnprocessableEntityException,
)
from hatchet_sdk.clients.rest.models.update_worker_request import UpdateWorkerRequest
from hatchet_sdk.clients.rest.tenacity_utils import tenacity_retry, tenacity_should_retry
from hatchet_sdk.config import HTTPMethod, TenacityConfig
from tests.sdk_api.conftest import hatchet_on
from tests.sdk_api.fakes import FakeConnection
from tests.sdk_api.rest_server import RestServer, serving
from tests.sdk_api.tokens import TENANT, token

NOW = "2026-01-02T03:04:05.000006Z"
META = {"id": "m-1", "createdAt": NOW, "updatedAt": NOW}
PAGES = {"current_page": 1, "next_page": 2, "num_pages": 3}
TENANT_PATH = f"/api/v1/stable/tenants/{TENANT}"
NO_PAUSE = {"wait": tenacity.wait_none}


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


@pytest.fixture
def server() -> Iterator[RestServer]:
    with serving() as running:
        yield running


@pytest.fixture
def client(connection: FakeConnection, server: RestServer) -> Hatchet:
    return hatchet_on(connection, server_url=server.url, tenacity=TenacityConfig(**NO_PAUSE))


class TestRuns:
    async def test_get(self, client: Hatchet, server: RestServer) -> None:
        server.answer((200, details()))
        found = await client.runs.aio_get("r-1")
        assert (found.run.status, found.run.output, found.tasks[0].task_external_id) == ("COMPLETED", {"a": 1}, "t-1")
        assert found.task_events[0].event_type == "FINISHED"
        assert (server.last.method, server.last.path) == ("GET", "/api/v1/stable/workflow-runs/r-1")
        assert server.last.authorization == f"Bearer {token()}"
        assert client.runs.get("r-1") == found

    def test_status(self, client: Hatchet, server: RestServer) -> None:
        server.answer((200, "RUNNING"))
        assert client.runs.get_status("r-1") is V1TaskStatus.RUNNING
        assert server.last.path == "/api/v1/stable/workflow-runs/r-1/status"

    def test_task_run(self, client: Hatchet, server: RestServer) -> None:
        server.answer((200, summary(retryCount=1, attempt=2)))
        found = client.runs.get_task_run("t-1")
        assert (found.retry_count, found.attempt, found.created_at) == (1, 2, datetime.fromisoformat(NOW))
        assert server.last.path == "/api/v1/stable/tasks/t-1"

    def test_result(self, client: Hatchet, server: RestServer) -> None:
        server.answer((200, details()))
        assert client.runs.get_result("r-1") == {"a": 1}

    def test_list(self, client: Hatchet, server: RestServer) -> None:
        server.answer((200, {"pagination": PAGES, "rows": [summary()]}))
        page = client.runs.list(
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

    def test_list_looks_one_day_back(self, client: Hatchet, server: RestServer) -> None:
        server.answer((200, {"pagination": {}, "rows": []}))
        client.runs.list()
        since = datetime.fromisoformat(server.last.query["since"][0])
        assert abs(datetime.now(UTC) - timedelta(days=1) - since) < timedelta(minutes=1)
        assert server.last.query.keys() == {"since", "only_tasks", "include_payloads"}

    def test_a_wide_window_warns(self, client: Hatchet, server: RestServer) -> None:
        server.answer((200, {"pagination": {}, "rows": []}))
        with pytest.warns(RuntimeWarning, match="list_with_pagination"):
            client.runs.list(since=datetime.now(UTC) - timedelta(days=8))

    async def test_all_pages_of_all_days(self, client: Hatchet, server: RestServer) -> None:
        full = [summary(number) for number in range(500)]
        old = summary(1000, createdAt="2026-01-01T00:00:00Z")
        server.answer((200, {"pagination": {}, "rows": full}), (200, {"pagination": {}, "rows": [full[0], old]}))
        since, until = datetime(2026, 1, 1, 12, tzinfo=UTC), datetime(2026, 1, 2, 12, tzinfo=UTC)
        rows = await client.runs.aio_list_with_pagination(since=since, until=until)
        assert len(rows) == 501
        assert rows[-1].metadata.id == "m-1000"
        windows = {(request.query["since"][0], request.query["until"][0]) for request in server.requests}
        assert windows == {
            ("2026-01-01T12:00:00.000000Z", "2026-01-02T00:00:00.000000Z"),
            ("2026-01-02T00:00:00.000000Z", "2026-01-02T12:00:00.000000Z"),
        }
        assert sorted(int(request.query["offset"][0]) for request in server.requests) == [0, 0, 500]
        server.answer((200, {"pagination": {}, "rows": full[:3]}))
        some = client.runs.list_with_pagination(since=since, until=until, offset=1, limit=1)
        assert len(some) == 1

    def test_create(self, connection: FakeConnection, server: RestServer) -> None:
        client = hatchet_on(connection, server_url=server.url, namespace="ns")
        server.answer((200, details()))
        client.runs.create("flow", {"a": 1}, additional_metadata={"m": 1}, priority=Priority.HIGH)
        assert (server.last.method, server.last.path) == ("POST", f"{TENANT_PATH}/workflow-runs/trigger")
        assert server.last.body == {
            "workflowName": "ns_flow",
            "input": {"a": 1},
            "additionalMetadata": {"m": 1},
            "priority": 3,
        }

    @pytest.mark.parametrize("what", ["cancel", "replay"])
    async def test_cancel_and_replay(self, client: Hatchet, server: RestServer, what: str) -> None:
        server.answer((200, {"ids": ["r-1"]}))
        await getattr(client.runs, f"aio_{what}")("r-1")
        getattr(client.runs, what)("r-2")
        since = datetime(2026, 1, 1, tzinfo=UTC)
        opts = BulkCancelReplayOpts(
            filters=RunFilter(since=since, statuses=[V1TaskStatus.FAILED], additional_metadata={"a": "1"})
        )
        getattr(client.runs, f"bulk_{what}")(opts)
        assert {request.path for request in server.requests} == {f"{TENANT_PATH}/tasks/{what}"}
        assert [request.body for request in server.requests] == [
            {"externalIds": ["r-1"]},
            {"externalIds": ["r-2"]},
            {"filter": {"since": "2026-01-01T00:00:00Z", "statuses": ["FAILED"], "additionalMetadata": ["a:1"]}},
        ]

    @pytest.mark.parametrize(
        ("what", "statuses"), [("cancel", ["RUNNING", "QUEUED"]), ("replay", ["FAILED", "CANCELLED"])]
    )
    def test_in_chunks(self, client: Hatchet, server: RestServer, what: str, statuses: list[str]) -> None:
        server.answer((200, ["a", "b", "c"]), (200, {"ids": []}))
        method = getattr(client.runs, f"bulk_{what}_by_filters_with_pagination")
        method(sleep_time=0, chunk_size=2, workflow_ids=["w-1"])
        listing, first, second = server.requests
        assert (listing.path, listing.query["statuses"]) == (f"{TENANT_PATH}/workflow-runs/external-ids", statuses)
        assert [first.body, second.body] == [{"externalIds": ["a", "b"]}, {"externalIds": ["c"]}]

    @pytest.mark.parametrize("given", [{}, {"ids": ["a"], "filters": RunFilter(since=datetime(2026, 1, 1))}])
    def test_ids_or_filters(self, given: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="either ids or filters"):
            BulkCancelReplayOpts(**given)


class TestOthers:
    def test_workers(self, client: Hatchet, server: RestServer) -> None:
        server.answer((200, {"pagination": PAGES, "rows": [WORKER]}), (200, WORKER))
        listed = client.workers.list().rows
        assert listed is not None
        assert listed[0].status == "ACTIVE"
        assert server.last.path == f"/api/v1/tenants/{TENANT}/worker"
        client.workers.get("w-1")
        client.workers.pause("w-1")
        client.workers.unpause("w-1")
        client.workers.update("w-1", UpdateWorkerRequest(is_paused=True))
        assert {request.path for request in server.requests[1:]} == {"/api/v1/workers/w-1"}
        assert [(request.method, request.body) for request in server.requests[1:]] == [
            ("GET", None),
            ("PATCH", {"isPaused": True}),
            ("PATCH", {"isPaused": False}),
            ("PATCH", {"isPaused": True}),
        ]

    def test_workflows(self, client: Hatchet, server: RestServer) -> None:
        version = {**WORKFLOW["versions"][0], "jobs": [], "workflowConfig": {}}  # type: ignore[index]  # our own dict
        server.answer(
            (200, {"rows": [WORKFLOW], "pagination": PAGES}),
            (200, WORKFLOW),
            (200, version),
            (204, None),
            (200, WORKFLOW),
        )
        assert client.workflows.list("flow", limit=5).rows is not None
        assert server.last.query == {"name": ["flow"], "limit": ["5"]}
        found = client.workflows.get("m-1")
        assert found.versions is not None
        assert found.versions[0].order == 1
        assert client.workflows.get_version("m-1").version == "v1"
        client.workflows.delete("m-1")
        client.workflows.pause("m-1", timedelta(minutes=10), "DROP")
        client.workflows.unpause("m-1")
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

    def test_logs(self, client: Hatchet, server: RestServer) -> None:
        line = {"createdAt": NOW, "message": "hello", "metadata": {}, "level": "INFO", "retryCount": 0}
        server.answer((200, {"pagination": {}, "rows": [line]}))
        rows = client.logs.list("t-1", since=datetime(2026, 1, 1)).rows
        assert rows is not None
        assert (rows[0].message, rows[0].level) == ("hello", "INFO")
        assert server.last.path == "/api/v1/stable/tasks/t-1/logs"
        assert server.last.query == {"limit": ["1000"], "since": ["2026-01-01T00:00:00.000000Z"]}

    async def test_what_a_workflow_offers(self, connection: FakeConnection, server: RestServer) -> None:
        client = hatchet_on(connection, server_url=server.url, namespace="ns")
        flow = client.workflow(name="Flow")
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

    def test_an_unregistered_workflow_has_no_id(self, client: Hatchet, server: RestServer) -> None:
        server.answer((200, {"rows": [WORKFLOW]}))
        with pytest.raises(ValueError, match="No workflow named 'other' is registered"):
            _ = client.workflow(name="other").id

    async def test_cancelling_from_inside(self, client: Hatchet, server: RestServer, make_context: Any) -> None:
        server.answer((200, {"ids": []}))
        ctx = make_context()
        ctx._client = client._client
        await ctx.aio_cancel()
        assert (server.last.path, server.last.body) == (f"{TENANT_PATH}/tasks/cancel", {"externalIds": ["task-1"]})
        assert ctx.is_cancelled


class TestErrors:
    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (400, BadRequestException),
            (401, UnauthorizedException),
            (403, ForbiddenException),
            (404, NotFoundException),
            (409, ConflictException),
            (422, UnprocessableEntityException),
            (429, TooManyRequestsException),
            (500, ServiceException),
            (503, ServiceException),
            (418, ApiException),
        ],
    )
    def test_each_status_has_its_class(
        self, client: Hatchet, server: RestServer, status: int, kind: type[ApiException]
    ) -> None:
        server.answer((status, {"errors": [{"description": "because"}]}))
        with pytest.raises(kind, match="because") as caught:
            client.runs.cancel("r-1")
        assert type(caught.value) is kind
        assert isinstance(caught.value, OpenApiException)
        assert (caught.value.status, "because" in (caught.value.body or "")) == (status, True)
        assert caught.value.headers is not None

    @pytest.mark.parametrize("answer", [{"run": {}}, b"<html>", "PAUSED"])
    def test_an_answer_that_is_none(self, client: Hatchet, server: RestServer, answer: Any) -> None:
        server.answer((200, answer))
        with pytest.raises(RestProtocolError, match="not what this SDK expects"):
            client.runs.get("r-1")

    def test_nobody_there(self, connection: FakeConnection) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            client = hatchet_on(connection, server_url=f"http://127.0.0.1:{unused.getsockname()[1]}")
            with pytest.raises(RestConnectionError) as caught:
                client.runs.get("r-1")
        assert (caught.value.http_method, caught.value.status) == ("GET", None)
        assert isinstance(caught.value, RestTransportError | ApiException)

    def test_no_http(self, connection: FakeConnection) -> None:
        with listener(b"what?\r\n\r\n") as port:
            with pytest.raises(RestProtocolError):
                hatchet_on(connection, server_url=f"http://127.0.0.1:{port}").runs.get("r-1")

    def test_no_encryption(self, connection: FakeConnection) -> None:
        with listener(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") as port:
            with pytest.raises(RestTLSError):
                hatchet_on(connection, server_url=f"https://127.0.0.1:{port}").runs.get("r-1")

    def test_no_answer(self, connection: FakeConnection, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("hatchet_sdk.clients.rest.client.TIMEOUT_S", 0.2)
        with listener(None) as port, pytest.raises(RestTimeoutError):
            hatchet_on(connection, server_url=f"http://127.0.0.1:{port}").runs.get("r-1")


class listener:  # noqa: N801 - reads as a function
    """Accepts connections, reads once, says `answer` (None: nothing) and keeps them open."""

    def __init__(self, answer: bytes | None) -> None:
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []

    def __enter__(self) -> int:
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return int(self._socket.getsockname()[1])

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            self._open.append(peer)
            peer.recv(65536)
            if self._answer is not None:
                peer.sendall(self._answer)
                peer.close()

    def __exit__(self, *error: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for peer in self._open:
            peer.close()
        self._thread.join(10)


class TestRetries:
    def test_reads_are_repeated(self, client: Hatchet, server: RestServer) -> None:
        server.answer((500, None), (404, None), (200, details()))
        assert client.runs.get("r-1").run.status == "COMPLETED"
        assert len(server.requests) == 3

    def test_five_times_at_most(self, client: Hatchet, server: RestServer) -> None:
        server.answer((500, None))
        with pytest.raises(ServiceException):
            client.runs.get("r-1")
        assert len(server.requests) == 5

    @pytest.mark.parametrize("status", [400, 403, 409, 429])
    def test_what_is_wrong_stays_wrong(self, client: Hatchet, server: RestServer, status: int) -> None:
        server.answer((status, None))
        with pytest.raises(ApiException):
            client.runs.get("r-1")
        assert len(server.requests) == 1

    def test_writes_are_not_repeated(self, client: Hatchet, server: RestServer) -> None:
        server.answer((500, None))
        for call in (client.runs.cancel, client.runs.replay, client.workflows.delete):
            with pytest.raises(ServiceException):
                call("r-1")
        assert len(server.requests) == 3

    @pytest.mark.parametrize("attempts", [0, -1])
    def test_they_can_be_turned_off(self, connection: FakeConnection, server: RestServer, attempts: int) -> None:
        client = hatchet_on(connection, server_url=server.url, tenacity=TenacityConfig(max_attempts=attempts))
        server.answer((500, None))
        with pytest.raises(ServiceException):
            client.runs.get("r-1")
        assert len(server.requests) == 1

    def test_429_and_lost_answers_if_configured(self) -> None:
        strict = TenacityConfig()
        lenient = TenacityConfig(retry_429=True, retry_transport_errors=True)
        busy = TooManyRequestsException(status=429)
        lost_get = RestConnectionError(reason="gone", http_method=HTTPMethod.GET)
        lost_post = RestConnectionError(reason="gone", http_method="POST")
        assert not tenacity_should_retry(busy, strict)
        assert tenacity_should_retry(busy, lenient)
        assert not tenacity_should_retry(lost_get, strict)
        assert tenacity_should_retry(lost_get, lenient)
        assert not tenacity_should_retry(lost_post, lenient)
        assert not tenacity_should_retry(ValueError("no"), lenient)
        assert not tenacity_should_retry(busy)

    def test_plain_functions_too(self) -> None:
        calls: list[int] = []

        def flaky() -> int:
            calls.append(1)
            if len(calls) < 3:
                raise ServiceException(status=500)
            return len(calls)

        assert tenacity_retry(flaky, TenacityConfig(**NO_PAUSE))() == 3
