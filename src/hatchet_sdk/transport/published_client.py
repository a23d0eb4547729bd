"""Triggers and results over the published RPCs, for engines without the session protocol."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import grpc
from grpc import StatusCode, aio

from hatchet_sdk.logger import logger
from hatchet_sdk.transport.errors import rpc_error, trigger_error
from hatchet_sdk.transport.outcomes import Outcomes, OutcomeWait
from hatchet_sdk.transport.records import RunOutcome, RunStatusText, TaskOutcome, TriggerSpec
from hatchet_sdk.transport.retry import backoff_s, with_retries
from hatchet_sdk.transport.session_client import REFUSES_US
from hatchet_sdk.transport.triggers import TriggerChunk
from hatchet_wire.published.dispatcher_pb2 import SubscribeToWorkflowRunsRequest, WorkflowRunEvent
from hatchet_wire.published.v1 import workflows_pb2 as admin_pb2
from hatchet_wire.published.v1.shared.trigger_pb2 import TriggerWorkflowRequest
from hatchet_wire.published.workflows_pb2 import BulkTriggerWorkflowRequest

if TYPE_CHECKING:
    from hatchet_sdk.config import TenacityConfig
    from hatchet_sdk.transport.channel import Channel
    from hatchet_sdk.transport.thread import TransportThread


REOPEN_AFTER_S = 30 * 60.0
LONGEST_DELAY_S = 5.0

_STATUS: dict[int, RunStatusText] = {
    admin_pb2.COMPLETED: "COMPLETED",
    admin_pb2.FAILED: "FAILED",
    admin_pb2.CANCELLED: "CANCELLED",
}


class PublishedClient:
    """Takes over from a `SessionClient`. Everything here runs on the transport's loop."""

    def __init__(
        self, channel: "Channel", thread: "TransportThread", tenacity: "TenacityConfig", outcomes: Outcomes
    ) -> None:
        self._channel = channel
        self._thread = thread
        self._tenacity = tenacity
        self._outcomes = outcomes
        self._to_ask: list[str] = []
        self._wake = asyncio.Event()
        self._resumed = asyncio.Event()
        self._resumed.set()
        self._closed = False
        self._stream: aio.StreamStreamCall[SubscribeToWorkflowRunsRequest, WorkflowRunEvent] | None = None

    def trigger(self, chunks: Sequence[TriggerChunk]) -> None:
        for chunk in chunks:
            self._thread.spawn(self._trigger(chunk))

    def watch(self, wait: OutcomeWait) -> None:
        self._to_ask.extend(self._outcomes.add(wait))
        self._wake.set()

    def unwatch(self, wait: OutcomeWait) -> None:
        self._outcomes.discard(wait)

    async def suspend(self) -> None:
        self._resumed.clear()
        self._drop()

    def resume(self) -> None:
        self._resumed.set()

    def close(self) -> None:
        self._closed = True
        self._outcomes.fail(rpc_error(StatusCode.CANCELLED, "the connection was closed"))
        self._resumed.set()
        self._wake.set()
        self._drop()

    # ---- triggers

    async def _trigger(self, chunk: TriggerChunk) -> None:
        try:
            run_ids = await with_retries(lambda: self._send(chunk), self._tenacity)
        except grpc.RpcError as error:
            chunk.call.refused(trigger_error(error))
        except BaseException as error:
            chunk.call.refused(error)
            raise
        else:
            chunk.call.accepted(chunk, run_ids)

    async def _send(self, chunk: TriggerChunk) -> list[str]:
        requests = [_request(spec) for spec in chunk.specs]
        if len(requests) == 1:
            one = await self._channel.workflows.TriggerWorkflow(requests[0], metadata=self._metadata)
            return [one.workflow_run_id]
        bulk = BulkTriggerWorkflowRequest(workflows=requests)
        many = await self._channel.workflows.BulkTriggerWorkflow(bulk, metadata=self._metadata)
        return list(many.workflow_run_ids)

    @property
    def _metadata(self) -> aio.Metadata:
        return self._channel.metadata

    # ---- results

    async def run(self) -> None:
        """Keep the subscription open while anybody waits."""
        failures = 0
        while not self._closed:
            while not self._resumed.is_set():  # it may be cleared again before this wakes up
                await self._resumed.wait()
            if not self._outcomes.waiting:
                self._wake.clear()
                await self._wake.wait()
                continue
            try:
                await self._listen()
                failures = 0
            except aio.AioRpcError as error:
                failures += 1
                if error.code() in REFUSES_US:
                    self._outcomes.fail(error)
                elif failures == 1 and self._outcomes.waiting:
                    logger.warning("the results subscription was lost (%s); reconnecting", error.details())
                await asyncio.sleep(backoff_s(0.2, failures, LONGEST_DELAY_S))

    async def _listen(self) -> None:
        """One subscription; returns when it is time for another one."""
        stream = self._stream = self._channel.dispatcher.SubscribeToWorkflowRuns(metadata=self._metadata)
        self._to_ask = self._outcomes.outstanding()
        writer = asyncio.get_running_loop().create_task(self._ask(stream))
        try:
            async with asyncio.timeout(REOPEN_AFTER_S):
                async for event in stream:
                    await self._arrived(event)
        except TimeoutError:
            return
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
        finally:
            writer.cancel()
            stream.cancel()

    async def _ask(self, stream: "aio.StreamStreamCall[SubscribeToWorkflowRunsRequest, WorkflowRunEvent]") -> None:
        try:
            while True:
                asked, self._to_ask = self._to_ask, []
                for run_id in asked:
                    await stream.write(SubscribeToWorkflowRunsRequest(workflow_run_id=run_id))
                self._wake.clear()
                if not self._to_ask:
                    await self._wake.wait()
        except (aio.AioRpcError, asyncio.InvalidStateError):
            stream.cancel()  # the reader reports how the stream ended

    async def _arrived(self, event: WorkflowRunEvent) -> None:
        outcome = _outcome(event)
        if not outcome.tasks:
            outcome = await self._details(event.workflow_run_id) or outcome
        self._outcomes.arrived(outcome)

    async def _details(self, run_id: str) -> RunOutcome | None:
        """Ask for a run whose outputs the engine left out because they are large."""
        request = admin_pb2.GetRunDetailsRequest(external_id=run_id)
        try:
            details = await with_retries(
                lambda: self._channel.admin.GetRunDetails(request, metadata=self._metadata), self._tenacity
            )
        except grpc.RpcError as error:
            logger.warning("the outputs of run %s can't be fetched: %s", run_id, error.details())
            return None
        tasks = [
            TaskOutcome(
                task.external_id, task.readable_id, task.output.decode(), task.error if task.HasField("error") else None
            )
            for task in details.task_runs.values()
        ]
        return RunOutcome(run_id, _STATUS.get(details.status, "FAILED"), tasks)

    def _drop(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.cancel()


def _request(spec: TriggerSpec) -> TriggerWorkflowRequest:
    return TriggerWorkflowRequest(
        name=spec.workflow,
        input=spec.input,
        additional_metadata=spec.additional_metadata or None,
        priority=spec.priority,
        parent_id=spec.parent_run_id,
        parent_task_run_external_id=spec.parent_task_id,
        child_index=spec.child_index,
        child_key=spec.child_key,
        desired_worker_id=spec.desired_worker_id,
        desired_worker_labels=spec.desired_labels,
    )


def _outcome(event: WorkflowRunEvent) -> RunOutcome:
    tasks = [
        TaskOutcome(
            result.task_run_external_id,
            result.task_name,
            result.output,
            result.error if result.HasField("error") else None,
        )
        for result in event.results
    ]
    status: RunStatusText = "COMPLETED"
    if any(task.error for task in tasks):
        status = "FAILED"
    elif any(task.error == "" for task in tasks):
        status = "CANCELLED"
    return RunOutcome(event.workflow_run_id, status, tasks)
