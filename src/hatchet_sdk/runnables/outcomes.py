"""From the outcome of a run to what `run` and `result` return or raise."""

from typing import Any

from hatchet_sdk.context.facts import parsed_object
from hatchet_sdk.exceptions import DedupeViolationError, FailedTaskRunExceptionGroup, TaskRunError
from hatchet_sdk.transport.records import RunOutcome

_DEDUPE_MARKER = "DUPLICATE_WORKFLOW_RUN"


def failure_of(outcome: RunOutcome) -> Exception | None:
    """The exception that stands for a run which has not completed; None if it has."""
    if outcome.status == "COMPLETED":
        return None
    if outcome.status == "CANCELLED":
        return ValueError(f"Workflow run {outcome.run_id} was cancelled.")
    texts = [task.error for task in outcome.tasks if task.error]
    if any(_DEDUPE_MARKER in text for text in texts):
        return DedupeViolationError(texts[0])
    return FailedTaskRunExceptionGroup(
        f"Workflow run {outcome.run_id} failed.", [TaskRunError.deserialize(text) for text in texts]
    )


def outputs_by_task(outcome: RunOutcome) -> dict[str, Any]:
    """Outputs by task name; None for a task that has none.

    Raises:
        FailedTaskRunExceptionGroup, ValueError, DedupeViolationError: the run has not completed.
    """
    failure = failure_of(outcome)
    if failure is not None:
        raise failure
    return {task.name: parsed_object(task.output) if task.output else None for task in outcome.tasks}


def output_text(outcome: RunOutcome, task_name: str) -> str:
    """Output of one task as JSON text; empty if it has none.

    Raises:
        FailedTaskRunExceptionGroup, ValueError, DedupeViolationError: the run has not completed.
    """
    failure = failure_of(outcome)
    if failure is not None:
        raise failure
    for task in outcome.tasks:
        if task.name == task_name:
            return task.output
    # A handle to a task of another service may be named after its workflow; a single task is the one that was meant.
    return outcome.tasks[0].output if len(outcome.tasks) == 1 else ""
