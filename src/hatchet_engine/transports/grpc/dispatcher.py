"""The published Dispatcher service: workers, step events, subscriptions."""

from collections.abc import Iterable

from hatchet_engine.core.commands import (
    Heartbeat,
    RefreshTimeout,
    RegisterWorker,
    ReleaseSlot,
    RemoveWorker,
    StepEvent,
    StepEvents,
    UpsertWorkerLabels,
)
from hatchet_engine.core.durations import parse_duration
from hatchet_engine.core.errors import InvalidArgument, Unimplemented
from hatchet_engine.runtime.engine import Engine
from hatchet_engine.store import queries
from hatchet_engine.transports.grpc import labels
from hatchet_engine.transports.grpc.listener import Listener
from hatchet_engine.transports.grpc.published_results import timestamp
from hatchet_engine.transports.grpc.rpc import Context, Rpc
from hatchet_engine.transports.grpc.step_events import PUBLISHED_KINDS, step_event
from hatchet_engine.transports.grpc.streams import Backpressure, OpenStreams
from hatchet_engine.transports.grpc.subscriptions import ResultSubscription, RunSubscription
from hatchet_engine.transports.payloads import check_text, parse_uuid
from hatchet_engine.transports.version import ENGINE_VERSION
from hatchet_wire.published import dispatcher_pb2 as wire

NOT_YET = {
    "SendGroupKeyActionEvent": "the group key protocol of v0",
    "RestoreEvictedTask": "eviction of durable tasks",
}


class Dispatcher:
    def __init__(self, engine: Engine, streams: OpenStreams, limits: Backpressure) -> None:
        self._engine = engine
        self._streams = streams
        self._limits = limits

    def rpcs(self) -> dict[str, Rpc]:
        """Method name -> function."""
        return {
            "Register": self._register,
            "Listen": self._listen,
            "ListenV2": self._listen_v2,
            "Heartbeat": self._heartbeat,
            "SubscribeToWorkflowEvents": self._subscribe_to_workflow_events,
            "SubscribeToWorkflowRuns": self._subscribe_to_workflow_runs,
            "SendStepActionEvent": self._send_step_action_event,
            "SendBatchActionEvent": self._send_batch_action_event,
            "PutOverridesData": self._put_overrides_data,
            "Unsubscribe": self._unsubscribe,
            "RefreshTimeout": self._refresh_timeout,
            "ReleaseSlot": self._release_slot,
            "UpsertWorkerLabels": self._upsert_worker_labels,
            "GetVersion": self._get_version,
        }

    async def _get_version(self, tenant_id: str, request: wire.GetVersionRequest) -> wire.GetVersionResponse:
        return wire.GetVersionResponse(version=ENGINE_VERSION)

    async def _put_overrides_data(self, tenant_id: str, request: wire.OverridesData) -> wire.OverridesDataResponse:
        # The playground of v0 that used them is gone; the contract says to accept and ignore.
        return wire.OverridesDataResponse()

    # workers

    async def _register(self, tenant_id: str, request: wire.WorkerRegisterRequest) -> wire.WorkerRegisterResponse:
        worker = await self._engine.execute(tenant_id, _registration(self._engine.new_id(), request))
        return wire.WorkerRegisterResponse(tenant_id=tenant_id, worker_id=worker.id, worker_name=worker.name)

    async def _listen(self, tenant_id: str, request: wire.WorkerListenRequest, context: Context) -> None:
        await self._listener(tenant_id, request, context).run(self._streams, heartbeats=True)

    async def _listen_v2(self, tenant_id: str, request: wire.WorkerListenRequest, context: Context) -> None:
        await self._listener(tenant_id, request, context).run(self._streams, heartbeats=False)

    def _listener(self, tenant_id: str, request: wire.WorkerListenRequest, context: Context) -> Listener:
        worker_id = parse_uuid(request.worker_id, "worker_id")
        return Listener(self._engine, tenant_id, worker_id, context, self._limits)

    async def _heartbeat(self, tenant_id: str, request: wire.HeartbeatRequest) -> wire.HeartbeatResponse:
        await self._engine.execute(tenant_id, Heartbeat(parse_uuid(request.worker_id, "worker_id")))
        return wire.HeartbeatResponse()

    async def _unsubscribe(
        self, tenant_id: str, request: wire.WorkerUnsubscribeRequest
    ) -> wire.WorkerUnsubscribeResponse:
        worker_id = parse_uuid(request.worker_id, "worker_id")
        await self._engine.execute(tenant_id, RemoveWorker(worker_id))
        return wire.WorkerUnsubscribeResponse(tenant_id=tenant_id, worker_id=worker_id)

    async def _upsert_worker_labels(
        self, tenant_id: str, request: wire.UpsertWorkerLabelsRequest
    ) -> wire.UpsertWorkerLabelsResponse:
        worker_id = parse_uuid(request.worker_id, "worker_id")
        await self._engine.execute(tenant_id, UpsertWorkerLabels(worker_id, labels.from_published(request.labels)))
        return wire.UpsertWorkerLabelsResponse(tenant_id=tenant_id, worker_id=worker_id)

    # attempts

    async def _send_step_action_event(self, tenant_id: str, request: wire.StepActionEvent) -> wire.ActionEventResponse:
        item = wire.BatchActionEventItem(
            task_run_external_id=request.task_run_external_id, event_payload=request.event_payload
        )
        if request.HasField("retry_count"):
            item.retry_count = request.retry_count
        item.should_not_retry = request.should_not_retry
        return await self._report(tenant_id, request.worker_id, request.event_type, [item])

    async def _send_batch_action_event(
        self, tenant_id: str, request: wire.BatchActionEvent
    ) -> wire.ActionEventResponse:
        return await self._report(tenant_id, request.worker_id, request.event_type, request.items)

    async def _report(
        self,
        tenant_id: str,
        worker_id: str,
        event_type: wire.StepActionEventType.ValueType,
        items: Iterable[wire.BatchActionEventItem],
    ) -> wire.ActionEventResponse:
        worker_id = parse_uuid(worker_id, "worker_id")
        if event_type not in PUBLISHED_KINDS:
            raise InvalidArgument(f"Invalid request: {event_type} is not a type of step event")
        kind = PUBLISHED_KINDS[event_type]
        events: list[StepEvent] = []
        for item in items:
            task_id = parse_uuid(item.task_run_external_id, "task_run_external_id")
            if kind is not None:
                retry_count = item.retry_count if item.HasField("retry_count") else None
                event = step_event(task_id, retry_count, kind, item.event_payload)
                event.should_not_retry = item.should_not_retry
                events.append(event)
        current = await self._engine.execute(tenant_id, StepEvents(worker_id, events))
        for event, is_current in zip(events, current, strict=True):
            if not is_current:
                await self._check_exists(tenant_id, event.task_id)
        return wire.ActionEventResponse(tenant_id=tenant_id, worker_id=worker_id)

    async def _check_exists(self, tenant_id: str, task_id: str) -> None:
        """A late event is fine; one about a task that never was is a mistake of the caller."""
        if not self._engine.is_live(tenant_id, task_id):
            details = await self._engine.read(queries.run_details, self._engine.store.reader, tenant_id, task_id)
            if details is None:
                raise InvalidArgument(f"Invalid request: task run {task_id} is not known")

    async def _refresh_timeout(
        self, tenant_id: str, request: wire.RefreshTimeoutRequest
    ) -> wire.RefreshTimeoutResponse:
        task_id = parse_uuid(request.task_run_external_id, "task_run_external_id")
        increment = parse_duration(request.increment_timeout_by)
        deadline = await self._engine.execute(tenant_id, RefreshTimeout(task_id, increment))
        return wire.RefreshTimeoutResponse(timeout_at=timestamp(deadline))

    async def _release_slot(self, tenant_id: str, request: wire.ReleaseSlotRequest) -> wire.ReleaseSlotResponse:
        task_id = parse_uuid(request.task_run_external_id, "task_run_external_id")
        await self._engine.execute(tenant_id, ReleaseSlot(task_id))
        return wire.ReleaseSlotResponse()

    # subscriptions

    async def _subscribe_to_workflow_runs(self, tenant_id: str, context: Context) -> None:
        await ResultSubscription(self._engine, tenant_id, context, self._limits).run(self._streams)

    async def _subscribe_to_workflow_events(
        self, tenant_id: str, request: wire.SubscribeToWorkflowEventsRequest, context: Context
    ) -> None:
        if not request.workflow_run_id:
            raise Unimplemented("subscribing by metadata is not available in this version of the engine; name a run id")
        run_id = parse_uuid(request.workflow_run_id, "workflow_run_id")
        await RunSubscription(self._engine, tenant_id, run_id, context, self._limits).run(self._streams)


def _registration(worker_id: str, request: wire.WorkerRegisterRequest) -> RegisterWorker:
    slots = dict(request.slot_config)
    if request.HasField("slots"):
        if slots:
            raise InvalidArgument("Invalid request: give either slots or slot_config, not both")
        slots = {"default": request.slots}
    return RegisterWorker(
        worker_id=worker_id,
        name=check_text(request.worker_name, "worker_name"),
        actions=[check_text(action, "action") for action in request.actions],
        slots={check_text(kind, "slot type"): units for kind, units in slots.items()},
        labels=labels.from_published(request.labels),
        runtime=_runtime(request.runtime_info),
    )


def _runtime(info: wire.RuntimeInfo) -> dict[str, str]:
    shown = {
        "sdk_version": info.sdk_version,
        "language": wire.SDKS.Name(info.language) if info.language in wire.SDKS.values() else "",
        "language_version": info.language_version,
        "os": info.os,
        "extra": info.extra,
    }
    return {key: check_text(value, key) for key, value in shown.items() if value and value != "UNKNOWN"}
