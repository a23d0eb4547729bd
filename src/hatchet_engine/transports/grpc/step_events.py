"""Reports of workers about attempts, as core events."""

from hatchet_engine.core.commands import StepEvent, StepEventKind
from hatchet_engine.core.errors import InvalidArgument
from hatchet_engine.transports.payloads import error_text, output_problem
from hatchet_wire.published.dispatcher_pb2 import (
    STEP_EVENT_TYPE_ACKNOWLEDGED,
    STEP_EVENT_TYPE_CANCELLED,
    STEP_EVENT_TYPE_COMPLETED,
    STEP_EVENT_TYPE_FAILED,
    STEP_EVENT_TYPE_STARTED,
)
from hatchet_wire.session.session_pb2 import StepEvent as SessionStepEvent

PUBLISHED_KINDS = {
    STEP_EVENT_TYPE_STARTED: StepEventKind.STARTED,
    STEP_EVENT_TYPE_COMPLETED: StepEventKind.COMPLETED,
    STEP_EVENT_TYPE_FAILED: StepEventKind.FAILED,
    STEP_EVENT_TYPE_CANCELLED: StepEventKind.CANCELLED,
    STEP_EVENT_TYPE_ACKNOWLEDGED: None,
}
"""None: accepted, without effect."""

_SESSION_KINDS: dict[int, StepEventKind] = {
    SessionStepEvent.STARTED: StepEventKind.STARTED,
    SessionStepEvent.COMPLETED: StepEventKind.COMPLETED,
    SessionStepEvent.FAILED: StepEventKind.FAILED,
    SessionStepEvent.CANCELLED: StepEventKind.CANCELLED,
}


def from_session(message: SessionStepEvent) -> StepEvent:
    """The event of a session's `StepEvent`.

    Raises:
        InvalidArgument: it has no kind.
    """
    kind = _SESSION_KINDS.get(message.kind)
    if kind is None:
        raise InvalidArgument(f"Invalid request: step event {message.sequence} has no kind")
    event = step_event(message.task_id, message.retry_count, kind, message.payload)
    event.should_not_retry = message.should_not_retry
    event.started_at = message.started_at_us or None
    return event


def step_event(task_id: str, retry_count: int | None, kind: StepEventKind, payload: str) -> StepEvent:
    """An event with its payload checked: an output that cannot be kept makes the attempt fail, not the call."""
    if kind is StepEventKind.COMPLETED:
        problem = output_problem(payload)
        if problem is None:
            return StepEvent(task_id, retry_count, kind, payload)
        return StepEvent(task_id, retry_count, kind, illegal_output=problem)
    return StepEvent(task_id, retry_count, kind, error_text(payload) if payload else "")
