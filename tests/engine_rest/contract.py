"""The published API, as far as this engine serves it: operations, members, enumerations.

`*` marks a required query parameter, `?` a member that may be missing.
"""

from typing import NamedTuple


class Operation(NamedTuple):
    method: str
    path: str
    operation_id: str
    query: str = ""
    body: str = ""


OPERATIONS = (
    Operation("GET", "/api/live", "liveness:get"),
    Operation("GET", "/api/ready", "readiness:get"),
    Operation("POST", "/api/v1/api-tokens/{api-token}", "api-token:update:revoke"),
    Operation("GET", "/api/v1/cloud/metadata", "cloudMetadata::get"),
    Operation("GET", "/api/v1/meta", "metadata:get"),
    Operation("GET", "/api/v1/stable/tasks/{task}", "v1-task:get", "attempt"),
    Operation(
        "GET",
        "/api/v1/stable/tasks/{task}/logs",
        "v1-log-line:list",
        "limit since until search levels order_by_direction attempt",
    ),
    Operation("GET", "/api/v1/stable/tasks/{task}/task-events", "v1-task-event:list", "offset limit"),
    Operation(
        "GET",
        "/api/v1/stable/tenants/{tenant}/logs",
        "v1-tenant-log-line:list",
        "limit since until search levels order_by_direction attempt taskExternalIds workflow_ids step_ids",
    ),
    Operation(
        "GET",
        "/api/v1/stable/tenants/{tenant}/task-metrics",
        "v1-task:list:status-metrics",
        "since* until workflow_ids parent_task_external_id triggering_event_external_id additional_metadata",
    ),
    Operation("POST", "/api/v1/stable/tenants/{tenant}/tasks/cancel", "v1-task:cancel", "", "V1CancelTaskRequest"),
    Operation("POST", "/api/v1/stable/tenants/{tenant}/tasks/replay", "v1-task:replay", "", "V1ReplayTaskRequest"),
    Operation(
        "GET",
        "/api/v1/stable/tenants/{tenant}/workflow-runs",
        "v1-workflow-run:list",
        "offset limit statuses since* until additional_metadata additional_metadata_operator workflow_ids "
        "worker_id only_tasks* parent_task_external_id triggering_event_external_id include_payloads "
        "running_filter idempotency_keys",
    ),
    Operation(
        "GET",
        "/api/v1/stable/tenants/{tenant}/workflow-runs/display-names",
        "v1-workflow-run:display-names:list",
        "external_ids*",
    ),
    Operation(
        "GET",
        "/api/v1/stable/tenants/{tenant}/workflow-runs/external-ids",
        "v1-workflow-run:external-ids:list",
        "statuses since* until additional_metadata workflow_ids running_filter",
    ),
    Operation(
        "POST",
        "/api/v1/stable/tenants/{tenant}/workflow-runs/trigger",
        "v1-workflow-run:create",
        "",
        "V1TriggerWorkflowRunRequest",
    ),
    Operation("GET", "/api/v1/stable/workflow-runs/{v1-workflow-run}", "v1-workflow-run:get"),
    Operation("GET", "/api/v1/stable/workflow-runs/{v1-workflow-run}/status", "v1-workflow-run:get-status"),
    Operation(
        "GET",
        "/api/v1/stable/workflow-runs/{v1-workflow-run}/task-events",
        "v1-workflow-run:task-events:list",
        "offset limit",
    ),
    Operation(
        "GET",
        "/api/v1/stable/workflow-runs/{v1-workflow-run}/task-timings",
        "v1-workflow-run:get:timings",
        "depth",
    ),
    Operation("GET", "/api/v1/tenants/{tenant}", "tenant:get"),
    Operation("GET", "/api/v1/tenants/{tenant}/api-tokens", "api-token:list"),
    Operation("POST", "/api/v1/tenants/{tenant}/api-tokens", "api-token:create", "", "CreateAPITokenRequest"),
    Operation("GET", "/api/v1/tenants/{tenant}/step-run-queue-metrics", "tenant:get:step-run-queue-metrics"),
    Operation("GET", "/api/v1/tenants/{tenant}/task-stats", "tenant:get:task-stats", "taskNames"),
    Operation("GET", "/api/v1/tenants/{tenant}/worker", "worker:list", "offset limit statuses labels"),
    Operation("GET", "/api/v1/tenants/{tenant}/workflows", "workflow:list", "offset limit name"),
    Operation("GET", "/api/v1/version", "info:get:version"),
    Operation("GET", "/api/v1/workers/{worker}", "worker:get"),
    Operation("PATCH", "/api/v1/workers/{worker}", "worker:update", "", "UpdateWorkerRequest"),
    Operation("GET", "/api/v1/workflows/{workflow}", "workflow:get"),
    Operation("GET", "/api/v1/workflows/{workflow}/versions", "workflow-version:get", "version"),
)

MEMBERS = {
    "APIErrors": "errors",
    "APIError": "code? field? description docs_link?",
    "APIMeta": (
        "auth? pylonAppId? posthog? allowSignup? allowInvites? allowCreateTenant? allowChangePassword? "
        "observabilityEnabled? prometheusServerEnabled? authDisabled? authDisabledToken?"
    ),
    "APIMetaAuth": "schemes?",
    "APIResourceMeta": "id createdAt updatedAt",
    "CreateAPITokenRequest": "name expiresIn?",
    "Job": "metadata tenantId versionId name description? steps timeout?",
    "PaginationResponse": "current_page? next_page? num_pages?",
    "RegisteredWorkflow": "id name",
    "SemaphoreSlots": "stepRunId actionId startedAt? timeoutAt? workflowRunId status?",
    "Step": "metadata readableId tenantId jobId action timeout? isDurable? slotRequests? children? parents?",
    "ConcurrencyStat": "expression? type? keys?",
    "TaskStat": "queued? running?",
    "TaskStatusStat": "total? queues? concurrency? oldest? oldestExcludingRetries?",
    "Tenant": "metadata name slug analyticsOptOut? alertMemberEmails? version environment? serverUrl? region?",
    "TenantStepRunQueueMetrics": "queues?",
    "UpdateWorkerRequest": "isPaused?",
    "V1CancelTaskRequest": "externalIds? filter?",
    "V1CancelledTasks": "ids?",
    "V1LogLine": "createdAt message metadata taskExternalId? taskDisplayName? retryCount? attempt? level?",
    "V1LogLineList": "pagination? rows?",
    "V1ReplayTaskRequest": "externalIds? filter?",
    "V1ReplayedTasks": "ids?",
    "V1RunningDetailCount": "evicted onWorker",
    "V1TaskEvent": (
        "id taskId timestamp eventType message errorMessage? output? workerId? taskDisplayName? retryCount? attempt?"
    ),
    "V1TaskEventList": "pagination? rows?",
    "V1TaskFilter": "since until? statuses? workflowIds? additionalMetadata?",
    "V1TaskRunMetric": "status count runningDetailCount?",
    "V1TaskSummary": (
        "metadata actionId? retryCount? attempt? additionalMetadata? children? createdAt displayName "
        "duration? isDurable? errorMessage? finishedAt? input numSpawnedChildren output status isEvicted? "
        "startedAt? stepId? taskExternalId taskId taskInsertedAt tenantId type workflowId workflowName? "
        "workflowRunExternalId workflowVersionId? workflowConfig? parentTaskExternalId? idempotencyKey? "
        "payloadsRestricted?"
    ),
    "V1TaskSummaryList": "pagination rows",
    "V1TaskTiming": (
        "metadata depth status isEvicted? taskDisplayName taskExternalId taskId taskInsertedAt tenantId "
        "parentTaskExternalId? queuedAt? startedAt? finishedAt? workflowRunId? retryCount? attempt?"
    ),
    "V1TaskTimingList": "pagination rows",
    "V1TriggerWorkflowRunRequest": "workflowName input additionalMetadata? priority? return_only_id?",
    "V1WorkflowRun": (
        "metadata status startedAt? finishedAt? duration? tenantId additionalMetadata? displayName workflowId "
        "output errorMessage? workflowVersionId? input createdAt? parentTaskExternalId? payloadsRestricted?"
    ),
    "V1WorkflowRunDetails": "run taskEvents shape tasks workflowConfig?",
    "V1WorkflowRunDisplayName": "metadata displayName",
    "V1WorkflowRunDisplayNameList": "pagination rows",
    "Worker": (
        "metadata name type lastHeartbeatAt? lastListenerEstablished? actions? registeredWorkflows? slots? "
        "recentStepRuns? status? slotConfig? dispatcherId? labels? webhookUrl? webhookId? runtimeInfo?"
    ),
    "WorkerLabel": "metadata key value?",
    "WorkerList": "pagination? rows?",
    "WorkerRuntimeInfo": "sdkVersion? language? languageVersion? os? runtimeExtra?",
    "WorkerSlotConfig": "available? limit",
    "Workflow": (
        "metadata name description? isPaused? pausedWorkflowCronRunQueueBehavior? "
        "pausedWorkflowScheduledRunQueueBehavior? versions? tags? jobs? tenantId"
    ),
    "WorkflowList": "metadata? rows? pagination?",
    "WorkflowRunShapeItemForWorkflowRunDetails": "taskExternalId stepId childrenStepIds taskName",
    "WorkflowVersion": (
        "metadata version order workflowId sticky? defaultPriority? workflow? concurrency? triggers? "
        "scheduleTimeout? jobs? workflowConfig? v1Concurrency? inputJsonSchema?"
    ),
    "WorkflowVersionMeta": "metadata version order workflowId workflow?",
}

ENUMERATIONS = {
    "V1TaskStatus": "QUEUED RUNNING COMPLETED CANCELLED FAILED",
    "V1WorkflowType": "DAG TASK",
    "V1RunningFilter": "ALL EVICTED ON_WORKER",
    "V1AdditionalMetadataOperator": "OR AND",
    "V1TaskEventType": (
        "REQUEUED_NO_WORKER REQUEUED_RATE_LIMIT SCHEDULING_TIMED_OUT ASSIGNED STARTED FINISHED FAILED "
        "RETRYING CANCELLED TIMED_OUT REASSIGNED SLOT_RELEASED TIMEOUT_REFRESHED RETRIED_BY_USER "
        "SENT_TO_WORKER RATE_LIMIT_ERROR ACKNOWLEDGED CREATED QUEUED SKIPPED WAITING_FOR_BATCH BATCH_FLUSHED "
        "COULD_NOT_SEND_TO_WORKER DURABLE_EVICTED DURABLE_RESTORING"
    ),
    "V1LogLineLevel": "DEBUG INFO WARN ERROR",
    "V1LogLineOrderByDirection": "ASC DESC",
    "TenantVersion": "V0 V1",
    "WorkerStatus": "ACTIVE INACTIVE PAUSED",
    "WorkerType": "SELFHOSTED MANAGED WEBHOOK",
    "WorkerRuntimeSDKs": "GOLANG PYTHON TYPESCRIPT RUBY",
    "StepRunStatus": "PENDING PENDING_ASSIGNMENT ASSIGNED RUNNING SUCCEEDED FAILED CANCELLED CANCELLING BACKOFF",
}

OWN_OPERATIONS = (Operation("GET", "/api/v1/stable/tasks/{task}/explain", "v1-task:explain"),)
"""Ours, beside the published ones."""

OWN_MEMBERS = {"V1TaskSummary": "explain?", "Worker": "blockedFrame?"}
"""Ours: clients of the published API ignore what they do not know."""
