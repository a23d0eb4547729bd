"""Workflows: several tasks that are started as one run."""

from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast, overload

from hatchet_sdk.context.deprecated import warn_deprecated
from hatchet_sdk.runnables.declaration import NO_INPUT, BaseWorkflow
from hatchet_sdk.runnables.outcomes import outputs_by_task
from hatchet_sdk.runnables.run_ref import TaskRunRef
from hatchet_sdk.runnables.standalone import Standalone
from hatchet_sdk.runnables.start import results_of, results_or_exceptions, start_and_wait
from hatchet_sdk.runnables.task_declarations import TaskDeclarations
from hatchet_sdk.runnables.trigger import trigger_specs
from hatchet_sdk.runnables.twins import Steps, aio_twin, blocking_twin
from hatchet_sdk.runnables.types import WorkflowConfig
from hatchet_sdk.serde.codec import Codec
from hatchet_sdk.types.labels import DesiredWorkerLabel
from hatchet_sdk.types.priority import Priority
from hatchet_sdk.types.trigger import TriggerWorkflowOptions, WorkflowRunTriggerConfig
from hatchet_sdk.utils.typing import JSONSerializableMapping
from hatchet_sdk.workflow_run import WorkflowRunRef

if TYPE_CHECKING:
    from hatchet_sdk.client import Client

__all__ = ["BaseWorkflow", "Standalone", "TaskRunRef", "Workflow"]

TWorkflowInput = TypeVar("TWorkflowInput")


class Workflow(TaskDeclarations[TWorkflowInput]):
    """Several tasks that are started as one run; returned by `hatchet.workflow`."""

    def __init__(self, config: WorkflowConfig, client: "Client", input_codec: Codec[TWorkflowInput]) -> None:
        super().__init__(config, client, input_codec)
        self._default_tasks = []
        self._on_failure_task = None
        self._on_success_task = None

    @overload
    def _run(
        self,
        input: TWorkflowInput = NO_INPUT,
        options: TriggerWorkflowOptions | None = None,
        wait_for_result: Literal[True] = True,
        child_key: str | None = None,
        additional_metadata: JSONSerializableMapping | None = None,
        priority: int | None = None,
        sticky: bool = False,
        desired_worker_id: str | None = None,
        desired_worker_labels: list[DesiredWorkerLabel] | None = None,
    ) -> Steps[dict[str, Any]]: ...
    @overload
    def _run(
        self,
        input: TWorkflowInput = NO_INPUT,
        options: TriggerWorkflowOptions | None = None,
        *,
        wait_for_result: Literal[False],
        child_key: str | None = None,
        additional_metadata: JSONSerializableMapping | None = None,
        priority: int | None = None,
        sticky: bool = False,
        desired_worker_id: str | None = None,
        desired_worker_labels: list[DesiredWorkerLabel] | None = None,
    ) -> Steps[WorkflowRunRef]: ...
    def _run(
        self,
        input: TWorkflowInput = NO_INPUT,
        options: TriggerWorkflowOptions | None = None,
        wait_for_result: bool = True,
        child_key: str | None = None,
        additional_metadata: JSONSerializableMapping | None = None,
        priority: int | None = None,
        sticky: bool = False,
        desired_worker_id: str | None = None,
        desired_worker_labels: list[DesiredWorkerLabel] | None = None,
    ) -> Steps[WorkflowRunRef | dict[str, Any]]:
        """Start a run. Inside a task it becomes a child of that task's run.

        Args:
            input: the run's input.
            options: deprecated; use the other arguments.
            wait_for_result: wait for the end of the run; False: only until it is stored.
            child_key: identity of the child within its parent, instead of its position among the children.
            additional_metadata: metadata of the run, over that of the workflow and of the parent run.
            priority: Priority.LOW, MEDIUM or HIGH; None: that of the workflow.
            sticky: ask for the worker of the parent, or `desired_worker_id`.
            desired_worker_id: the worker to ask for when `sticky`.
            desired_worker_labels: instead of the labels that the tasks declare.

        Returns:
            Outputs by task name, None for a task without output; or a reference to the run.

        Raises:
            IllegalTaskInputError, pydantic.ValidationError: the input cannot be sent, or does not fit.
            IdempotencyCollisionError, DedupeViolationError: there is such a run already.
            FailedTaskRunExceptionGroup: the run failed.
            ValueError: the run was cancelled. (The async form of the original returns an empty result instead.)
            grpc.RpcError: the engine refused, or could not be reached.
        """
        item = self.create_bulk_run_item(
            input,
            None,
            options,
            child_key,
            additional_metadata,
            cast(Priority, priority),
            desired_worker_id,
            sticky,
            desired_worker_labels,
        )
        specs = trigger_specs(self._client, [item])
        if wait_for_result:
            outcomes = yield start_and_wait(self._connection, specs)
            return outputs_by_task(outcomes[0])
        run_ids = yield self._connection.trigger(specs)
        return WorkflowRunRef(run_ids[0], self._client)

    aio_run = aio_twin(_run)
    run = blocking_twin(_run)

    @overload
    def _run_many(
        self,
        workflows: list[WorkflowRunTriggerConfig],
        return_exceptions: Literal[True],
        wait_for_result: Literal[True] = True,
    ) -> Steps[list[dict[str, Any] | BaseException]]: ...
    @overload
    def _run_many(
        self,
        workflows: list[WorkflowRunTriggerConfig],
        return_exceptions: Literal[False] = False,
        wait_for_result: Literal[True] = True,
    ) -> Steps[list[dict[str, Any]]]: ...
    @overload
    def _run_many(
        self,
        workflows: list[WorkflowRunTriggerConfig],
        return_exceptions: bool = False,
        *,
        wait_for_result: Literal[False],
    ) -> Steps[list[WorkflowRunRef]]: ...
    def _run_many(
        self,
        workflows: list[WorkflowRunTriggerConfig],
        return_exceptions: bool = False,
        wait_for_result: bool = True,
    ) -> Steps[list[dict[str, Any]] | list[dict[str, Any] | BaseException] | list[WorkflowRunRef]]:
        """Start many runs.

        Args:
            workflows: items from `create_bulk_run_item`, also of other workflows.
            return_exceptions: put the exception of a run that has not completed in its place.
            wait_for_result: wait for the end of all runs; False: only until they are stored.

        Returns:
            Results as of `run`, or references, in the order of the items.

        Raises:
            Exception: as `run`; without `return_exceptions` that of the first run, in order, that has not completed,
                once all have ended.
            BulkTriggerIdempotencyCollisionError: there are such runs already; the others were started.
        """
        specs = trigger_specs(self._client, workflows)
        if not wait_for_result:
            run_ids = yield self._connection.trigger(specs)
            return [WorkflowRunRef(run_id, self._client) for run_id in run_ids]
        outcomes = yield start_and_wait(self._connection, specs)
        return (results_or_exceptions if return_exceptions else results_of)(outcomes, outputs_by_task)

    aio_run_many = aio_twin(_run_many)
    run_many = blocking_twin(_run_many)

    def run_no_wait(
        self,
        input: TWorkflowInput = NO_INPUT,
        options: TriggerWorkflowOptions | None = None,
    ) -> WorkflowRunRef:
        """Deprecated: `run(..., wait_for_result=False)`."""
        warn_deprecated("run_no_wait()", "run(..., wait_for_result=False)")
        return self.run(input, options, wait_for_result=False)

    async def aio_run_no_wait(
        self,
        input: TWorkflowInput = NO_INPUT,
        options: TriggerWorkflowOptions | None = None,
    ) -> WorkflowRunRef:
        """Deprecated: `aio_run(..., wait_for_result=False)`."""
        warn_deprecated("aio_run_no_wait()", "aio_run(..., wait_for_result=False)")
        return await self.aio_run(input, options, wait_for_result=False)

    def run_many_no_wait(self, workflows: list[WorkflowRunTriggerConfig]) -> list[WorkflowRunRef]:
        """Deprecated: `run_many(..., wait_for_result=False)`."""
        warn_deprecated("run_many_no_wait()", "run_many(..., wait_for_result=False)")
        return self.run_many(workflows, wait_for_result=False)

    async def aio_run_many_no_wait(self, workflows: list[WorkflowRunTriggerConfig]) -> list[WorkflowRunRef]:
        """Deprecated: `aio_run_many(..., wait_for_result=False)`."""
        warn_deprecated("aio_run_many_no_wait()", "aio_run_many(..., wait_for_result=False)")
        return await self.aio_run_many(workflows, wait_for_result=False)
