"""Models of the REST API, each in a module of its own; loaded when first used."""

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hatchet_sdk.clients.rest.models.api_error import APIError as APIError
    from hatchet_sdk.clients.rest.models.api_errors import APIErrors as APIErrors
    from hatchet_sdk.clients.rest.models.api_resource_meta import APIResourceMeta as APIResourceMeta
    from hatchet_sdk.clients.rest.models.concurrency_limit_strategy import (
        ConcurrencyLimitStrategy as ConcurrencyLimitStrategy,
    )
    from hatchet_sdk.clients.rest.models.concurrency_scope import ConcurrencyScope as ConcurrencyScope
    from hatchet_sdk.clients.rest.models.concurrency_setting import ConcurrencySetting as ConcurrencySetting
    from hatchet_sdk.clients.rest.models.job import Job as Job
    from hatchet_sdk.clients.rest.models.pagination_response import PaginationResponse as PaginationResponse
    from hatchet_sdk.clients.rest.models.recent_step_runs import RecentStepRuns as RecentStepRuns
    from hatchet_sdk.clients.rest.models.registered_workflow import RegisteredWorkflow as RegisteredWorkflow
    from hatchet_sdk.clients.rest.models.semaphore_slots import SemaphoreSlots as SemaphoreSlots
    from hatchet_sdk.clients.rest.models.step import Step as Step
    from hatchet_sdk.clients.rest.models.step_run_status import StepRunStatus as StepRunStatus
    from hatchet_sdk.clients.rest.models.update_worker_request import UpdateWorkerRequest as UpdateWorkerRequest
    from hatchet_sdk.clients.rest.models.v1_cancel_task_request import V1CancelTaskRequest as V1CancelTaskRequest
    from hatchet_sdk.clients.rest.models.v1_log_line import V1LogLine as V1LogLine
    from hatchet_sdk.clients.rest.models.v1_log_line_level import V1LogLineLevel as V1LogLineLevel
    from hatchet_sdk.clients.rest.models.v1_log_line_list import V1LogLineList as V1LogLineList
    from hatchet_sdk.clients.rest.models.v1_replay_task_request import V1ReplayTaskRequest as V1ReplayTaskRequest
    from hatchet_sdk.clients.rest.models.v1_task_event import V1TaskEvent as V1TaskEvent
    from hatchet_sdk.clients.rest.models.v1_task_event_list import V1TaskEventList as V1TaskEventList
    from hatchet_sdk.clients.rest.models.v1_task_event_type import V1TaskEventType as V1TaskEventType
    from hatchet_sdk.clients.rest.models.v1_task_filter import V1TaskFilter as V1TaskFilter
    from hatchet_sdk.clients.rest.models.v1_task_status import V1TaskStatus as V1TaskStatus
    from hatchet_sdk.clients.rest.models.v1_task_summary import V1TaskSummary as V1TaskSummary
    from hatchet_sdk.clients.rest.models.v1_task_summary_list import V1TaskSummaryList as V1TaskSummaryList
    from hatchet_sdk.clients.rest.models.v1_trigger_workflow_run_request import (
        V1TriggerWorkflowRunRequest as V1TriggerWorkflowRunRequest,
    )
    from hatchet_sdk.clients.rest.models.v1_workflow_run import V1WorkflowRun as V1WorkflowRun
    from hatchet_sdk.clients.rest.models.v1_workflow_run_details import V1WorkflowRunDetails as V1WorkflowRunDetails
    from hatchet_sdk.clients.rest.models.v1_workflow_type import V1WorkflowType as V1WorkflowType
    from hatchet_sdk.clients.rest.models.worker import Worker as Worker
    from hatchet_sdk.clients.rest.models.worker_label import WorkerLabel as WorkerLabel
    from hatchet_sdk.clients.rest.models.worker_list import WorkerList as WorkerList
    from hatchet_sdk.clients.rest.models.worker_runtime_info import WorkerRuntimeInfo as WorkerRuntimeInfo
    from hatchet_sdk.clients.rest.models.worker_runtime_sdks import WorkerRuntimeSDKs as WorkerRuntimeSDKs
    from hatchet_sdk.clients.rest.models.worker_slot_config import WorkerSlotConfig as WorkerSlotConfig
    from hatchet_sdk.clients.rest.models.worker_status import WorkerStatus as WorkerStatus
    from hatchet_sdk.clients.rest.models.worker_type import WorkerType as WorkerType
    from hatchet_sdk.clients.rest.models.workflow import Workflow as Workflow
    from hatchet_sdk.clients.rest.models.workflow_concurrency import WorkflowConcurrency as WorkflowConcurrency
    from hatchet_sdk.clients.rest.models.workflow_list import WorkflowList as WorkflowList
    from hatchet_sdk.clients.rest.models.workflow_pause_scheduled_cron_run_queue_behavior import (
        WorkflowPauseScheduledCronRunQueueBehavior as WorkflowPauseScheduledCronRunQueueBehavior,
    )
    from hatchet_sdk.clients.rest.models.workflow_run_shape_item_for_workflow_run_details import (
        WorkflowRunShapeItemForWorkflowRunDetails as WorkflowRunShapeItemForWorkflowRunDetails,
    )
    from hatchet_sdk.clients.rest.models.workflow_tag import WorkflowTag as WorkflowTag
    from hatchet_sdk.clients.rest.models.workflow_trigger_cron_ref import (
        WorkflowTriggerCronRef as WorkflowTriggerCronRef,
    )
    from hatchet_sdk.clients.rest.models.workflow_trigger_event_ref import (
        WorkflowTriggerEventRef as WorkflowTriggerEventRef,
    )
    from hatchet_sdk.clients.rest.models.workflow_triggers import WorkflowTriggers as WorkflowTriggers
    from hatchet_sdk.clients.rest.models.workflow_version import WorkflowVersion as WorkflowVersion
    from hatchet_sdk.clients.rest.models.workflow_version_meta import WorkflowVersionMeta as WorkflowVersionMeta

_MODULES = MappingProxyType(
    {
        "APIError": "api_error",
        "APIErrors": "api_errors",
        "APIResourceMeta": "api_resource_meta",
        "ConcurrencyLimitStrategy": "concurrency_limit_strategy",
        "ConcurrencyScope": "concurrency_scope",
        "ConcurrencySetting": "concurrency_setting",
        "Job": "job",
        "PaginationResponse": "pagination_response",
        "RecentStepRuns": "recent_step_runs",
        "RegisteredWorkflow": "registered_workflow",
        "SemaphoreSlots": "semaphore_slots",
        "Step": "step",
        "StepRunStatus": "step_run_status",
        "UpdateWorkerRequest": "update_worker_request",
        "V1CancelTaskRequest": "v1_cancel_task_request",
        "V1LogLine": "v1_log_line",
        "V1LogLineLevel": "v1_log_line_level",
        "V1LogLineList": "v1_log_line_list",
        "V1ReplayTaskRequest": "v1_replay_task_request",
        "V1TaskEvent": "v1_task_event",
        "V1TaskEventList": "v1_task_event_list",
        "V1TaskEventType": "v1_task_event_type",
        "V1TaskFilter": "v1_task_filter",
        "V1TaskStatus": "v1_task_status",
        "V1TaskSummary": "v1_task_summary",
        "V1TaskSummaryList": "v1_task_summary_list",
        "V1TriggerWorkflowRunRequest": "v1_trigger_workflow_run_request",
        "V1WorkflowRun": "v1_workflow_run",
        "V1WorkflowRunDetails": "v1_workflow_run_details",
        "V1WorkflowType": "v1_workflow_type",
        "Worker": "worker",
        "WorkerLabel": "worker_label",
        "WorkerList": "worker_list",
        "WorkerRuntimeInfo": "worker_runtime_info",
        "WorkerRuntimeSDKs": "worker_runtime_sdks",
        "WorkerSlotConfig": "worker_slot_config",
        "WorkerStatus": "worker_status",
        "WorkerType": "worker_type",
        "Workflow": "workflow",
        "WorkflowConcurrency": "workflow_concurrency",
        "WorkflowList": "workflow_list",
        "WorkflowPauseScheduledCronRunQueueBehavior": "workflow_pause_scheduled_cron_run_queue_behavior",
        "WorkflowRunShapeItemForWorkflowRunDetails": "workflow_run_shape_item_for_workflow_run_details",
        "WorkflowTag": "workflow_tag",
        "WorkflowTriggerCronRef": "workflow_trigger_cron_ref",
        "WorkflowTriggerEventRef": "workflow_trigger_event_ref",
        "WorkflowTriggers": "workflow_triggers",
        "WorkflowVersion": "workflow_version",
        "WorkflowVersionMeta": "workflow_version_meta",
    }
)


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{module}"), name)
