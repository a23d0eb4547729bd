"""The Hatchet SDK: declare tasks, start them from anywhere, execute them in workers.

from hatchet_sdk import Context, EmptyModel, Hatchet

hatchet = Hatchet()

@hatchet.task()
async def hello(input: EmptyModel, ctx: Context) -> dict[str, str]:
    return {"greeting": "hello"}
"""

import os as _os
from importlib import import_module as _import_module
from typing import TYPE_CHECKING, Any

if _os.environ.get("HATCHET_CLIENT_GRPC_ENABLE_FORK_SUPPORT", "").strip().lower() in ("1", "true", "yes", "on"):
    # gRPC reads these when it is loaded, so they must be set before anything loads it.
    _os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "1")
    _os.environ.setdefault("GRPC_POLL_STRATEGY", "poll")

from hatchet_sdk.conditions import Condition, OrGroup, ParentCondition, SleepCondition, UserEventCondition, or_
from hatchet_sdk.config import ClientConfig, ClientTLSConfig, OpenTelemetryConfig
from hatchet_sdk.context.context import Context, DurableContext
from hatchet_sdk.context.worker_context import WorkerContext
from hatchet_sdk.exceptions import (
    BulkTriggerIdempotencyCollisionError,
    DedupeViolationError,
    EvictionNotSupportedError,
    FailedTaskRunExceptionGroup,
    IdempotencyCollisionError,
    NonDeterminismError,
    NonRetryableException,
    TaskRunError,
)
from hatchet_sdk.hatchet import Hatchet
from hatchet_sdk.runnables.eviction import EvictionPolicy
from hatchet_sdk.runnables.task import Depends, Task
from hatchet_sdk.runnables.types import DefaultFilter, EmptyModel, TaskDefaults, WorkflowConfig
from hatchet_sdk.runnables.workflow import TaskRunRef
from hatchet_sdk.serde import is_in_hatchet_serialization_context
from hatchet_sdk.types.concurrency import ConcurrencyExpression, ConcurrencyLimitStrategy
from hatchet_sdk.types.idempotency import StatusBasedIdempotencyConfig, TTLBasedIdempotencyConfig
from hatchet_sdk.types.labels import DesiredWorkerLabel, WorkerLabel, WorkerLabelComparator
from hatchet_sdk.types.priority import Priority
from hatchet_sdk.types.rate_limit import RateLimit, RateLimitDuration
from hatchet_sdk.types.slot_types import SlotType
from hatchet_sdk.types.sticky import StickyStrategy
from hatchet_sdk.types.trigger import (
    BulkPushEventOptions,
    BulkPushEventWithMetadata,
    PushEventOptions,
    ScheduleTriggerWorkflowOptions,
    TriggerWorkflowOptions,
    WorkflowRunTriggerConfig,
)
from hatchet_sdk.utils.opentelemetry import OTelAttribute
from hatchet_sdk.utils.serde import remove_null_unicode_character
from hatchet_sdk.workflow_run import WorkflowRunRef

if TYPE_CHECKING:
    from hatchet_sdk.clients.admin import RunStatus
    from hatchet_sdk.clients.listeners.run_event_listener import (
        RunEventListener,
        StepRunEventType,
        WorkflowRunEventType,
    )
    from hatchet_sdk.clients.rest.models import (
        APIError,
        APIErrors,
        APIResourceMeta,
        PaginationResponse,
        V1TaskStatus,
        WorkerList,
        Workflow,
        WorkflowList,
        WorkflowVersion,
        WorkflowVersionMeta,
    )
    from hatchet_sdk.features.runs import BulkCancelReplayOpts, RunFilter
    from hatchet_sdk.worker.worker import Worker, WorkerStartOptions, WorkerStatus

_REST_MODELS = "hatchet_sdk.clients.rest.models"
_LISTENER = "hatchet_sdk.clients.listeners.run_event_listener"
_LOADED_ON_USE = {
    "APIError": _REST_MODELS,
    "APIErrors": _REST_MODELS,
    "APIResourceMeta": _REST_MODELS,
    "BulkCancelReplayOpts": "hatchet_sdk.features.runs",
    "PaginationResponse": _REST_MODELS,
    "RunEventListener": _LISTENER,
    "RunFilter": "hatchet_sdk.features.runs",
    "RunStatus": "hatchet_sdk.clients.admin",
    "StepRunEventType": _LISTENER,
    "V1TaskStatus": _REST_MODELS,
    "Worker": "hatchet_sdk.worker.worker",
    "WorkerList": _REST_MODELS,
    "WorkerStartOptions": "hatchet_sdk.worker.worker",
    "WorkerStatus": "hatchet_sdk.worker.worker",
    "Workflow": _REST_MODELS,
    "WorkflowList": _REST_MODELS,
    "WorkflowRunEventType": _LISTENER,
    "WorkflowVersion": _REST_MODELS,
    "WorkflowVersionMeta": _REST_MODELS,
}


def __getattr__(name: str) -> Any:
    """What is not needed to declare tasks is loaded when it is first used."""
    module = _LOADED_ON_USE.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(_import_module(module), name)
    globals()[name] = value
    return value


__all__ = [
    "APIError",
    "APIErrors",
    "APIResourceMeta",
    "BulkCancelReplayOpts",
    "BulkPushEventOptions",
    "BulkPushEventWithMetadata",
    "BulkTriggerIdempotencyCollisionError",
    "ClientConfig",
    "ClientTLSConfig",
    "ConcurrencyExpression",
    "ConcurrencyLimitStrategy",
    "Condition",
    "Context",
    "DedupeViolationError",
    "DefaultFilter",
    "Depends",
    "DesiredWorkerLabel",
    "DurableContext",
    "EmptyModel",
    "EvictionNotSupportedError",
    "EvictionPolicy",
    "FailedTaskRunExceptionGroup",
    "Hatchet",
    "IdempotencyCollisionError",
    "NonDeterminismError",
    "NonRetryableException",
    "OTelAttribute",
    "OpenTelemetryConfig",
    "OrGroup",
    "PaginationResponse",
    "ParentCondition",
    "Priority",
    "PushEventOptions",
    "RateLimit",
    "RateLimitDuration",
    "RunEventListener",
    "RunFilter",
    "RunStatus",
    "ScheduleTriggerWorkflowOptions",
    "SleepCondition",
    "SlotType",
    "StatusBasedIdempotencyConfig",
    "StepRunEventType",
    "StickyStrategy",
    "TTLBasedIdempotencyConfig",
    "Task",
    "TaskDefaults",
    "TaskRunError",
    "TaskRunRef",
    "TriggerWorkflowOptions",
    "UserEventCondition",
    "V1TaskStatus",
    "Worker",
    "WorkerContext",
    "WorkerLabel",
    "WorkerLabelComparator",
    "WorkerList",
    "WorkerStartOptions",
    "WorkerStatus",
    "Workflow",
    "WorkflowConfig",
    "WorkflowList",
    "WorkflowRunEventType",
    "WorkflowRunRef",
    "WorkflowRunTriggerConfig",
    "WorkflowVersion",
    "WorkflowVersionMeta",
    "is_in_hatchet_serialization_context",
    "or_",
    "remove_null_unicode_character",
]
