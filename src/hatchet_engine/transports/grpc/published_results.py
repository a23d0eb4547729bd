"""Runs as the published protocol tells of them: results, live events, details."""

from google.protobuf.timestamp_pb2 import Timestamp

from hatchet_engine.core.machine import TERMINAL, TaskState
from hatchet_engine.runtime.records import RunEvent, RunOutcome
from hatchet_engine.store.queries import RunDetails
from hatchet_engine.transports.payloads import MAX_MESSAGE_BYTES, utf8_length
from hatchet_wire.published.dispatcher_pb2 import (
    RESOURCE_EVENT_TYPE_CANCELLED,
    RESOURCE_EVENT_TYPE_COMPLETED,
    RESOURCE_EVENT_TYPE_FAILED,
    RESOURCE_EVENT_TYPE_STARTED,
    RESOURCE_EVENT_TYPE_STREAM,
    RESOURCE_TYPE_STEP_RUN,
    RESOURCE_TYPE_WORKFLOW_RUN,
    WORKFLOW_RUN_EVENT_TYPE_FINISHED,
    WorkflowEvent,
    WorkflowRunEvent,
)
from hatchet_wire.published.v1.workflows_pb2 import (
    CANCELLED,
    COMPLETED,
    FAILED,
    QUEUED,
    RUNNING,
    GetRunDetailsResponse,
    RunStatus,
    TaskRunDetail,
)

MAX_RESULT_BYTES = MAX_MESSAGE_BYTES - 16 * 1024
_SHORTENED_ERROR = "the error text was too long to be sent with this result; ask for the run's details"
_RESULT_OVERHEAD = 200

_EVENT_TYPES = {
    "STARTED": RESOURCE_EVENT_TYPE_STARTED,
    "COMPLETED": RESOURCE_EVENT_TYPE_COMPLETED,
    "FAILED": RESOURCE_EVENT_TYPE_FAILED,
    "CANCELLED": RESOURCE_EVENT_TYPE_CANCELLED,
    "STREAM": RESOURCE_EVENT_TYPE_STREAM,
}

_RUN_STATUS: dict[TaskState, RunStatus.ValueType] = {
    TaskState.QUEUED: QUEUED,
    TaskState.RUNNING: RUNNING,
    TaskState.BACKOFF: QUEUED,
    TaskState.COMPLETED: COMPLETED,
    TaskState.FAILED: FAILED,
    TaskState.CANCELLED: CANCELLED,
}


def timestamp(micros: int) -> Timestamp:
    """Microseconds since the epoch as the wire has them."""
    return Timestamp(seconds=micros // 1_000_000, nanos=micros % 1_000_000 * 1_000)


def run_finished(outcome: RunOutcome, at: int) -> tuple[WorkflowRunEvent, int]:
    """The event that ends a subscription to a run, and its size in bytes. It always fits into one message."""
    event = WorkflowRunEvent(
        workflow_run_id=outcome.run_id,
        event_type=WORKFLOW_RUN_EVENT_TYPE_FINISHED,
        event_timestamp=timestamp(at),
    )
    outputs = sum(_RESULT_OVERHEAD + utf8_length(task.output) for task in outcome.tasks)
    if outputs > MAX_RESULT_BYTES:
        return event, _RESULT_OVERHEAD
    errors = sum(utf8_length(task.error or "") for task in outcome.tasks)
    shorten = outputs + errors > MAX_RESULT_BYTES
    for task in outcome.tasks:
        result = event.results.add(task_run_external_id=task.task_id, task_name=task.name, job_run_id=task.task_id)
        if task.error is None:
            result.output = task.output
        else:
            result.error = _SHORTENED_ERROR if shorten and task.error else task.error
    return event, outputs + (0 if shorten else errors)


def run_events(run_id: str, event: RunEvent) -> list[tuple[WorkflowEvent, int]]:
    """A live event of a run with its size in bytes; the last one is followed by the end of the run."""
    message = WorkflowEvent(
        workflow_run_id=run_id,
        resource_type=RESOURCE_TYPE_STEP_RUN,
        event_type=_EVENT_TYPES[event.kind],
        resource_id=event.task_id,
        event_timestamp=timestamp(event.at),
        event_payload=event.payload,
        task_retries=event.retries,
        retry_count=event.retry_count,
    )
    if event.index is not None:
        message.event_index = event.index
    messages = [(message, _RESULT_OVERHEAD + utf8_length(event.payload))]
    if event.hangup:
        end = WorkflowEvent(
            workflow_run_id=run_id,
            resource_type=RESOURCE_TYPE_WORKFLOW_RUN,
            event_type=_EVENT_TYPES[event.kind],
            resource_id=run_id,
            event_timestamp=timestamp(event.at),
            hangup=True,
        )
        messages.append((end, _RESULT_OVERHEAD))
    return messages


def run_details(details: RunDetails) -> GetRunDetailsResponse:
    """The reply of GetRunDetails. The input stays out if the reply would not fit into one message with it."""
    size = utf8_length(details.input) + utf8_length(details.additional_metadata)
    size += sum(
        _RESULT_OVERHEAD + utf8_length(task.output) + utf8_length(task.error) for task in details.tasks.values()
    )
    reply = GetRunDetailsResponse(
        input=details.input.encode() if size <= MAX_RESULT_BYTES else b"",
        additional_metadata=details.additional_metadata.encode(),
        status=_RUN_STATUS[details.state],
        done=details.state in TERMINAL,
    )
    for name, task in details.tasks.items():
        detail = TaskRunDetail(external_id=task.id, status=_RUN_STATUS[task.state], readable_id=name)
        if task.error:
            detail.error = task.error
        if task.output:
            detail.output = task.output.encode()
        reply.task_runs[name].CopyFrom(detail)
    return reply
