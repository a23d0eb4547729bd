"""Typed references to runs of standalone tasks."""

from typing import TYPE_CHECKING, Generic, TypeVar

from hatchet_sdk.context.deprecated import warn_deprecated
from hatchet_sdk.runnables.twins import Steps, aio_twin, blocking_twin
from hatchet_sdk.workflow_run import WorkflowRunRef

if TYPE_CHECKING:
    from hatchet_sdk.clients.listeners.run_event_listener import RunEventListener
    from hatchet_sdk.runnables.standalone import Standalone
    from hatchet_sdk.transport.connection import Connection

TWorkflowInput = TypeVar("TWorkflowInput")
R = TypeVar("R")


class TaskRunRef(Generic[TWorkflowInput, R]):
    """A run of a standalone task that was started.

    Args:
        standalone: the task.
        workflow_run_ref: the run.
    """

    def __init__(self, standalone: "Standalone[TWorkflowInput, R]", workflow_run_ref: WorkflowRunRef) -> None:
        self._standalone = standalone
        self._ref = workflow_run_ref
        self.workflow_run_id = workflow_run_ref.workflow_run_id

    @property
    def _connection(self) -> "Connection":
        return self._standalone._connection

    def __str__(self) -> str:
        return self.workflow_run_id

    def __repr__(self) -> str:
        return f"TaskRunRef({self._standalone.name}, {self.workflow_run_id!r})"

    def _result(self) -> Steps[R]:
        """Wait for the end of the run.

        Returns:
            The task's output, validated to its return type.

        Raises:
            FailedTaskRunExceptionGroup: the run failed.
            ValueError: "Workflow run ... was cancelled." (The original raises this only in the blocking form, and
                returns an empty result in the async one.)
            DedupeViolationError: the run was refused as a duplicate.
            pydantic.ValidationError: the stored output does not fit the return type.
        """
        outcome = yield self._connection.outcome(self.workflow_run_id)
        return self._standalone._output_of(outcome)

    aio_result = aio_twin(_result)
    result = blocking_twin(_result)

    def stream(self) -> "RunEventListener":
        """Deprecated: events of the run; use `hatchet.runs.subscribe_to_stream`."""
        from hatchet_sdk.clients.listeners.run_event_listener import RunEventListener

        warn_deprecated("TaskRunRef.stream()", "hatchet.runs.subscribe_to_stream()")
        return RunEventListener(self.workflow_run_id, self._ref._client)
