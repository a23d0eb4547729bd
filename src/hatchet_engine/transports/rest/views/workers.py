"""Workers: what the engine knows of those it holds, what was stored of the others."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hatchet_engine.core.definition import WorkflowDefinition
from hatchet_engine.core.durations import HOUR, SECOND
from hatchet_engine.core.machine import WorkerState
from hatchet_engine.core.model import Label
from hatchet_engine.core.model import Worker as LiveWorker
from hatchet_engine.runtime.engine import Engine
from hatchet_engine.store.queries import VersionRow, WorkerRow, WorkflowRow
from hatchet_engine.transports.rest.models.enums import (
    StepRunStatus,
    WorkerRuntimeSDKs,
    WorkerStatus,
    WorkerType,
)
from hatchet_engine.transports.rest.models.workers import (
    RegisteredWorkflow,
    SemaphoreSlots,
    Worker,
    WorkerLabel,
    WorkerRuntimeInfo,
    WorkerSlotConfig,
)
from hatchet_engine.transports.rest.views.json_text import json_list, json_object
from hatchet_engine.transports.rest.views.tasks import resource

INACTIVE_AFTER = 5 * SECOND
"""A worker that was silent this long is shown as INACTIVE; it beats every 4 s."""
LISTED_FOR = 24 * HOUR
"""Lists show workers that were heard of within this time."""


@dataclass(frozen=True, slots=True)
class HeldTask:
    task_id: str
    action: str
    started_at: int | None
    deadline: int | None


@dataclass(frozen=True, slots=True)
class KnownWorker:
    """A worker at one moment. `held` is empty for a worker that the engine no longer holds."""

    id: str
    name: str
    connected: bool
    paused: bool
    registered_at: int
    last_seen: int
    actions: Sequence[str]
    slots: Mapping[str, int]
    free: Mapping[str, int]
    labels: Mapping[str, Label]
    runtime: Mapping[str, str]
    blocked_frame: str | None = None
    held: Sequence[HeldTask] = ()


def live_workers(engine: Engine, tenant_id: str) -> dict[str, KnownWorker]:
    """Copies of the workers that the engine holds. Engine loop only."""
    return {worker.id: _live(worker) for worker in engine.live_workers(tenant_id)}


def live_worker(engine: Engine, tenant_id: str, worker_id: str) -> KnownWorker | None:
    """A copy of one of them, or None. Engine loop only."""
    found = (worker for worker in engine.live_workers(tenant_id) if worker.id == worker_id)
    return next((_live(worker) for worker in found), None)


def _live(worker: LiveWorker) -> KnownWorker:
    return KnownWorker(
        id=worker.id,
        name=worker.name,
        connected=worker.state is WorkerState.CONNECTED,
        paused=worker.paused,
        registered_at=worker.registered_at,
        last_seen=worker.last_seen,
        actions=worker.actions,
        slots=dict(worker.slots),
        free=dict(worker.free),
        labels=dict(worker.labels),
        runtime=dict(worker.runtime),
        blocked_frame=worker.blocked_frame,
        held=[
            HeldTask(task.id, task.step.action, task.started_at, task.deadline)
            for task in worker.held.values()
            if not task.slot_released
        ],
    )


def stored_worker(row: WorkerRow) -> KnownWorker:
    """A worker that the engine no longer holds."""
    slots = json_object(row.slots)
    return KnownWorker(
        id=row.id,
        name=row.name,
        connected=False,
        paused=row.paused,
        registered_at=row.registered_at,
        last_seen=row.last_seen,
        actions=json_list(row.actions),
        slots=slots,
        free=slots,
        labels=json_object(row.labels),
        runtime=json_object(row.runtime),
    )


def status_of(worker: KnownWorker, now: int) -> WorkerStatus:
    if not worker.connected or now - worker.last_seen > INACTIVE_AFTER:
        return WorkerStatus.INACTIVE
    return WorkerStatus.PAUSED if worker.paused else WorkerStatus.ACTIVE


def label_text(value: Label) -> str:
    return value if isinstance(value, str) else str(value)


def worker_view(worker: KnownWorker, now: int) -> Worker:
    """A worker as lists show it."""
    return Worker(
        metadata=resource(worker.id, worker.registered_at, worker.last_seen),
        name=worker.name,
        type=WorkerType.SELFHOSTED,
        last_heartbeat_at=worker.last_seen,
        actions=list(worker.actions),
        status=status_of(worker, now),
        slot_config={
            kind: WorkerSlotConfig(available=max(0, worker.free.get(kind, 0)), limit=limit)
            for kind, limit in worker.slots.items()
        },
        labels=[
            WorkerLabel(metadata=resource(worker.id, worker.registered_at), key=key, value=label_text(value))
            for key, value in worker.labels.items()
        ],
        runtime_info=_runtime_info(worker.runtime),
        blocked_frame=worker.blocked_frame,
    )


def detailed_worker(worker: KnownWorker, now: int, workflows: Sequence[tuple[WorkflowRow, VersionRow]]) -> Worker:
    """A worker with the tasks that hold its slots and the workflows that it serves."""
    shown = worker_view(worker, now)
    shown.registered_workflows = served_workflows(worker.actions, workflows)
    shown.slots = [
        SemaphoreSlots(
            step_run_id=task.task_id,
            action_id=task.action,
            started_at=task.started_at,
            timeout_at=task.deadline,
            workflow_run_id=task.task_id,
            status=StepRunStatus.RUNNING if task.started_at is not None else StepRunStatus.ASSIGNED,
        )
        for task in worker.held
    ]
    return shown


def served_workflows(
    actions: Sequence[str], workflows: Sequence[tuple[WorkflowRow, VersionRow]]
) -> list[RegisteredWorkflow]:
    """Those workflows of which the actions contain a task."""
    offered = set(actions)
    return [
        RegisteredWorkflow(id=workflow.id, name=workflow.name)
        for workflow, version in workflows
        if any(step.action in offered for step in WorkflowDefinition.parse(json_object(version.definition)).steps)
    ]


def _runtime_info(runtime: Mapping[str, str]) -> WorkerRuntimeInfo:
    language = runtime.get("language", "").upper()
    named = {"sdk_version", "language", "language_version", "os"}
    extra = {key: value for key, value in runtime.items() if key not in named and value}
    return WorkerRuntimeInfo(
        sdk_version=runtime.get("sdk_version") or None,
        language=WorkerRuntimeSDKs(language) if language in WorkerRuntimeSDKs.__members__ else None,
        language_version=runtime.get("language_version") or None,
        os=runtime.get("os") or None,
        runtime_extra=json.dumps(extra) if extra else None,
    )
