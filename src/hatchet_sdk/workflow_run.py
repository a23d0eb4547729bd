"""References to runs."""

from typing import TYPE_CHECKING, Any

from hatchet_sdk.context.deprecated import warn_deprecated
from hatchet_sdk.runnables.outcomes import outputs_by_task
from hatchet_sdk.runnables.twins import Steps, aio_twin, blocking_twin

if TYPE_CHECKING:
    from hatchet_sdk.client import Client
    from hatchet_sdk.clients.listeners.run_event_listener import RunEventListener
    from hatchet_sdk.transport.connection import Connection


class WorkflowRunRef:
    """A run that was started. Its id can be kept and turned into a reference again by `hatchet.runs.get_run_ref`.

    Args:
        workflow_run_id: id of the run.
        client: what it talks to the engine through.
    """

    def __init__(self, workflow_run_id: str, client: "Client") -> None:
        self.workflow_run_id = workflow_run_id
        self._client = client

    @property
    def _connection(self) -> "Connection":
        return self._client.connection

    def __str__(self) -> str:
        return self.workflow_run_id

    def __repr__(self) -> str:
        return f"WorkflowRunRef({self.workflow_run_id!r})"

    def _result(self) -> Steps[dict[str, Any]]:
        """Wait for the end of the run.

        Returns:
            Outputs by task name, None for a task without output; a skipped task has `{"skipped": True}`.

        Raises:
            FailedTaskRunExceptionGroup: the run failed; one error for each failed task.
            ValueError: "Workflow run ... was cancelled." (The original raises this only in the blocking form, and
                returns an empty result in the async one.)
            DedupeViolationError: the run was refused as a duplicate.
        """
        outcome = yield self._connection.outcome(self.workflow_run_id)
        return outputs_by_task(outcome)

    aio_result = aio_twin(_result)
    result = blocking_twin(_result)

    def stream(self) -> "RunEventListener":
        """Deprecated: events of the run; use `hatchet.runs.subscribe_to_stream`."""
        from hatchet_sdk.clients.listeners.run_event_listener import RunEventListener

        warn_deprecated("WorkflowRunRef.stream()", "hatchet.runs.subscribe_to_stream()")
        return RunEventListener(self.workflow_run_id, self._client)
