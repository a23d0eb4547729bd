"""`hatchet.runs`: inspecting, cancelling and replaying runs."""

import asyncio
import builtins
import warnings
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hatchet_sdk.blocking import blocking
from hatchet_sdk.clients.admin import WorkflowRunDetail
from hatchet_sdk.clients.rest.models.v1_task_status import V1TaskStatus
from hatchet_sdk.clients.rest.models.v1_task_summary import V1TaskSummary
from hatchet_sdk.clients.rest.models.v1_task_summary_list import V1TaskSummaryList
from hatchet_sdk.clients.rest.models.v1_trigger_workflow_run_request import V1TriggerWorkflowRunRequest
from hatchet_sdk.clients.rest.models.v1_workflow_run_details import V1WorkflowRunDetails
from hatchet_sdk.clients.v1.api_client import BaseRestClient, metadata_texts, time_text, values
from hatchet_sdk.features.run_filters import BulkCancelReplayOpts, RunFilter
from hatchet_sdk.types.priority import Priority, checked_priority
from hatchet_sdk.utils.datetimes import partition_date_range
from hatchet_sdk.utils.typing import JSONSerializableMapping
from hatchet_sdk.workflow_run import WorkflowRunRef

__all__ = ["BulkCancelReplayOpts", "RunFilter", "RunsClient"]

_PAGE = 500
_AT_ONCE = 3
_WIDE_WINDOW = timedelta(days=7)
_DEFAULT_WINDOW = timedelta(days=1)


class RunsClient(BaseRestClient):
    """Inspecting, cancelling and replaying runs.

    Raises (every method that asks the engine):
        hatchet_sdk.clients.rest.exceptions.ApiException: it refused (404: there is no such run), or did not answer.
    """

    async def aio_get_task_run(self, task_run_id: str) -> V1TaskSummary:
        """One task run."""
        return await self._rest.get(f"/api/v1/stable/tasks/{task_run_id}", V1TaskSummary)

    get_task_run = blocking(aio_get_task_run)

    async def aio_get(self, workflow_run_id: str) -> V1WorkflowRunDetails:
        """Everything about one run: its tasks, events and graph."""
        return await self._rest.get(f"/api/v1/stable/workflow-runs/{workflow_run_id}", V1WorkflowRunDetails)

    get = blocking(aio_get)

    async def aio_get_status(self, workflow_run_id: str) -> V1TaskStatus:
        """QUEUED, RUNNING, COMPLETED, FAILED or CANCELLED."""
        return await self._rest.get(f"/api/v1/stable/workflow-runs/{workflow_run_id}/status", V1TaskStatus)

    get_status = blocking(aio_get_status)

    async def aio_get_details(self, external_id: str) -> WorkflowRunDetail:
        """The engine's live view of a run.

        Raises:
            grpc.RpcError: NOT_FOUND, after some retries.
        """
        return WorkflowRunDetail.from_proto(external_id, await self._connection.run_details(external_id))

    get_details = blocking(aio_get_details)

    async def aio_get_result(self, run_id: str) -> JSONSerializableMapping:
        """The output of a run as it is now: by task name for a workflow of several tasks; empty if there is none."""
        return (await self.aio_get(run_id)).run.output

    get_result = blocking(aio_get_result)

    def get_run_ref(self, workflow_run_id: str) -> WorkflowRunRef:
        """A reference to a run, from its id. Nothing is sent."""
        return WorkflowRunRef(workflow_run_id, self._client)

    async def aio_list(
        self,
        since: datetime | None = None,
        only_tasks: bool = False,
        offset: int | None = None,
        limit: int | None = None,
        statuses: builtins.list[V1TaskStatus] | None = None,
        until: datetime | None = None,
        additional_metadata: dict[str, str] | None = None,
        workflow_ids: builtins.list[str] | None = None,
        worker_id: str | None = None,
        parent_task_external_id: str | None = None,
        triggering_event_external_id: str | None = None,
        include_payloads: bool = True,
    ) -> V1TaskSummaryList:
        """One page of runs, newest first.

        Args:
            since: created at or after this time; default: 24 hours ago.
            only_tasks: one row for each task run, not for each run.
            offset: how many rows to leave out.
            limit: how many rows at most; default 50.
            statuses: in one of these states.
            until: created at or before this time.
            additional_metadata: with one of these pairs in their metadata.
            workflow_ids: of one of these workflows.
            worker_id: executed by this worker (task runs only).
            parent_task_external_id: children of this task run.
            triggering_event_external_id: started by this event.
            include_payloads: with inputs and outputs.
        """
        since = since if since is not None else datetime.now(UTC) - _DEFAULT_WINDOW
        _warn_if_wide(since, until)
        return await self._page(
            since=time_text(since),
            until=time_text(until),
            only_tasks=only_tasks,
            offset=offset,
            limit=limit,
            statuses=values(statuses),
            additional_metadata=metadata_texts(additional_metadata),
            workflow_ids=workflow_ids,
            worker_id=worker_id,
            parent_task_external_id=parent_task_external_id,
            triggering_event_external_id=triggering_event_external_id,
            include_payloads=include_payloads,
        )

    async def aio_list_with_pagination(
        self,
        since: datetime | None = None,
        only_tasks: bool = False,
        offset: int | None = None,
        limit: int | None = None,
        statuses: builtins.list[V1TaskStatus] | None = None,
        until: datetime | None = None,
        additional_metadata: dict[str, str] | None = None,
        workflow_ids: builtins.list[str] | None = None,
        worker_id: str | None = None,
        parent_task_external_id: str | None = None,
        triggering_event_external_id: str | None = None,
        include_payloads: bool = True,
    ) -> builtins.list[V1TaskSummary]:
        """All runs that fit, newest first, whatever their number; arguments as `list`.

        Args:
            offset: how many of them to leave out.
            limit: how many at most; default: all.
        """
        now = datetime.now(UTC)
        filters = {
            "only_tasks": only_tasks,
            "statuses": values(statuses),
            "additional_metadata": metadata_texts(additional_metadata),
            "workflow_ids": workflow_ids,
            "worker_id": worker_id,
            "parent_task_external_id": parent_task_external_id,
            "triggering_event_external_id": triggering_event_external_id,
            "include_payloads": include_payloads,
        }
        at_once = asyncio.Semaphore(_AT_ONCE)
        days = partition_date_range(since if since is not None else now - _DEFAULT_WINDOW, until or now)
        found = await asyncio.gather(*(self._whole_day(start, end, filters, at_once) for start, end in days))
        unique = {row.metadata.id: row for rows in found for row in rows}
        rows = sorted(unique.values(), key=lambda row: row.created_at, reverse=True)
        first = offset or 0
        return rows[first:] if limit is None else rows[first : first + limit]

    list_with_pagination = blocking(aio_list_with_pagination)

    async def _whole_day(
        self, start: datetime, end: datetime, filters: Mapping[str, Any], at_once: asyncio.Semaphore
    ) -> builtins.list[V1TaskSummary]:
        rows: builtins.list[V1TaskSummary] = []
        async with at_once:
            while True:
                page = await self._page(
                    since=time_text(start), until=time_text(end), offset=len(rows), limit=_PAGE, **filters
                )
                rows += page.rows
                if len(page.rows) < _PAGE:
                    return rows

    async def _page(self, **query: Any) -> V1TaskSummaryList:
        return await self._rest.get(self._tenant_path("workflow-runs"), V1TaskSummaryList, query)

    async def aio_create(
        self,
        workflow_name: str,
        input: JSONSerializableMapping,
        additional_metadata: JSONSerializableMapping | None = None,
        priority: int | Priority | None = None,
    ) -> V1WorkflowRunDetails:
        """Start a run of a workflow that is known by name only.

        Args:
            workflow_name: name, with or without namespace.
            input: its input.
            additional_metadata: metadata of the run.
            priority: Priority.LOW, MEDIUM or HIGH; None: that of the workflow.
        """
        request = V1TriggerWorkflowRunRequest(
            workflow_name=self.client_config.apply_namespace(workflow_name),
            input=input,
            additional_metadata=additional_metadata,
            priority=checked_priority(priority),
        )
        return await self._rest.post(
            self._tenant_path("workflow-runs/trigger"), V1WorkflowRunDetails, request.to_body()
        )

    create = blocking(aio_create)

    async def aio_replay(self, run_id: str) -> None:
        """Execute a finished run again, under the same id; one that is not finished is left alone."""
        await self.aio_bulk_replay(BulkCancelReplayOpts(ids=[run_id]))

    replay = blocking(aio_replay)

    async def aio_bulk_replay(self, opts: BulkCancelReplayOpts) -> None:
        """Replay many runs (with a filter: at most 1,000)."""
        await self._rest.post(self._tenant_path("tasks/replay"), dict[str, Any], opts.to_request("replay").to_body())

    bulk_replay = blocking(aio_bulk_replay)

    async def aio_cancel(self, run_id: str) -> None:
        """Cancel a run; its children go on. A running task is told, and should check `ctx.is_cancelled`."""
        await self.aio_bulk_cancel(BulkCancelReplayOpts(ids=[run_id]))

    cancel = blocking(aio_cancel)

    async def aio_bulk_cancel(self, opts: BulkCancelReplayOpts) -> None:
        """Cancel many runs (with a filter: at most 20,000)."""
        await self._rest.post(self._tenant_path("tasks/cancel"), dict[str, Any], opts.to_request("cancel").to_body())

    bulk_cancel = blocking(aio_bulk_cancel)

    async def aio_bulk_replay_by_filters_with_pagination(
        self,
        sleep_time: int = 3,
        chunk_size: int = 500,
        since: datetime | None = None,
        until: datetime | None = None,
        statuses: builtins.list[V1TaskStatus] | None = None,
        additional_metadata: dict[str, str] | None = None,
        workflow_ids: builtins.list[str] | None = None,
    ) -> None:
        """Replay all runs that fit, in chunks.

        Args:
            sleep_time: pause between two chunks, in seconds.
            chunk_size: runs in a chunk.
            since: created at or after this time; default: 24 hours ago.
            until: created at or before this time.
            statuses: in one of these states; default: FAILED and CANCELLED.
            additional_metadata: with one of these pairs in their metadata.
            workflow_ids: of one of these workflows.
        """
        chosen = statuses if statuses is not None else [V1TaskStatus.FAILED, V1TaskStatus.CANCELLED]
        ids = await self._ids(since, until, chosen, additional_metadata, workflow_ids)
        for number, start in enumerate(range(0, len(ids), chunk_size)):
            if number:
                await asyncio.sleep(sleep_time)
            await self.aio_bulk_replay(BulkCancelReplayOpts(ids=ids[start : start + chunk_size]))

    bulk_replay_by_filters_with_pagination = blocking(aio_bulk_replay_by_filters_with_pagination)

    async def aio_bulk_cancel_by_filters_with_pagination(
        self,
        sleep_time: int = 3,
        chunk_size: int = 500,
        since: datetime | None = None,
        until: datetime | None = None,
        statuses: builtins.list[V1TaskStatus] | None = None,
        additional_metadata: dict[str, str] | None = None,
        workflow_ids: builtins.list[str] | None = None,
    ) -> None:
        """Cancel all runs that fit, in chunks; arguments as `bulk_replay_by_filters_with_pagination`.

        Args:
            statuses: in one of these states; default: RUNNING and QUEUED.
        """
        chosen = statuses if statuses is not None else [V1TaskStatus.RUNNING, V1TaskStatus.QUEUED]
        ids = await self._ids(since, until, chosen, additional_metadata, workflow_ids)
        for number, start in enumerate(range(0, len(ids), chunk_size)):
            if number:
                await asyncio.sleep(sleep_time)
            await self.aio_bulk_cancel(BulkCancelReplayOpts(ids=ids[start : start + chunk_size]))

    bulk_cancel_by_filters_with_pagination = blocking(aio_bulk_cancel_by_filters_with_pagination)

    async def _ids(
        self,
        since: datetime | None,
        until: datetime | None,
        statuses: builtins.list[V1TaskStatus],
        additional_metadata: dict[str, str] | None,
        workflow_ids: builtins.list[str] | None,
    ) -> builtins.list[str]:
        query = {
            "since": time_text(since if since is not None else datetime.now(UTC) - _DEFAULT_WINDOW),
            "until": time_text(until),
            "statuses": values(statuses),
            "additional_metadata": metadata_texts(additional_metadata),
            "workflow_ids": workflow_ids,
        }
        return await self._rest.get(self._tenant_path("workflow-runs/external-ids"), builtins.list[str], query)

    async def subscribe_to_stream(self, workflow_run_id: str) -> AsyncIterator[str]:
        """The chunks that the run's tasks publish with `ctx.put_stream`, from now on, until the run is over.

        Raises:
            grpc.RpcError: NOT_FOUND: there is no such run.
        """
        from hatchet_wire.published.dispatcher_pb2 import ResourceEventType

        async for event in self._connection.stream_run_events(workflow_run_id):
            if event.event_type == ResourceEventType.RESOURCE_EVENT_TYPE_STREAM:
                yield event.event_payload

    list = blocking(aio_list)


def _warn_if_wide(since: datetime, until: datetime | None) -> None:
    days = partition_date_range(since, until or datetime.now(UTC))
    if days and days[-1][1] - days[0][0] >= _WIDE_WINDOW:
        warnings.warn(
            "listing runs of 7 days or more in one request is slow; use list_with_pagination()",
            RuntimeWarning,
            stacklevel=3,
        )
