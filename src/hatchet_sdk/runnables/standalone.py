"""Standalone tasks: workflows of one task, whose result is that task's output."""

from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast, overload

from pydantic import TypeAdapter

from hatchet_sdk.context.deprecated import warn_deprecated
from hatchet_sdk.runnables.declaration import NO_INPUT, BaseWorkflow
from hatchet_sdk.runnables.outcomes import output_text
from hatchet_sdk.runnables.run_ref import TaskRunRef
from hatchet_sdk.runnables.start import results_of, results_or_exceptions, start_and_wait
from hatchet_sdk.runnables.task import Task
from hatchet_sdk.runnables.trigger import trigger_specs
from hatchet_sdk.runnables.twins import Steps, aio_twin, blocking_twin
from hatchet_sdk.transport.records import RunOutcome
from hatchet_sdk.types.labels import DesiredWorkerLabel
from hatchet_sdk.types.priority import Priority
from hatchet_sdk.types.trigger import TriggerWorkflowOptions, WorkflowRunTriggerConfig
from hatchet_sdk.utils.typing import JSONSerializableMapping
from hatchet_sdk.workflow_run import WorkflowRunRef

if TYPE_CHECKING:
    from hatchet_sdk.runnables.workflow import Workflow

TWorkflowInput = TypeVar("TWorkflowInput")
R = TypeVar("R")


class Standalone(BaseWorkflow[TWorkflowInput], Generic[TWorkflowInput, R]):
    """A single task that can be started by itself; returned by `@hatchet.task()`.

    Args:
        workflow: the workflow around the task.
        task: its only task.
    """

    def __init__(self, workflow: "Workflow[TWorkflowInput]", task: Task[TWorkflowInput, R]) -> None:
        super().__init__(workflow._config, workflow._client, workflow._input)
        self._workflow = workflow
        self._task = task

    @property
    def tasks(self) -> list[Task[TWorkflowInput, Any]]:
        """The task, alone."""
        return [self._task]

    @property
    def is_async_function(self) -> bool:
        """Whether the body is `async def`."""
        return self._task.is_async_function

    @property
    def output_validator(self) -> TypeAdapter[R]:
        """Validates the output."""
        return self._task.output_validator

    @property
    def output_validator_type(self) -> type[R]:
        """The declared return type; EmptyModel if there is none."""
        return self._task.output_validator_type

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
    ) -> Steps[R]: ...
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
    ) -> Steps[TaskRunRef[TWorkflowInput, R]]: ...
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
    ) -> Steps[TaskRunRef[TWorkflowInput, R] | R]:
        """Start a run. Inside a task it becomes a child of that task's run.

        Args:
            input: the run's input.
            options: deprecated; use the other arguments.
            wait_for_result: wait for the end of the run; False: only until it is stored.
            child_key: identity of the child within its parent, instead of its position among the children.
            additional_metadata: metadata of the run, over that of the task and of the parent run.
            priority: Priority.LOW, MEDIUM or HIGH; None: that of the task.
            sticky: ask for the worker of the parent, or `desired_worker_id`.
            desired_worker_id: the worker to ask for when `sticky`.
            desired_worker_labels: instead of the labels that the task declares.

        Returns:
            The output, validated to the return type; or a reference to the run.

        Raises:
            IllegalTaskInputError, pydantic.ValidationError: the input cannot be sent, or does not fit.
            IdempotencyCollisionError, DedupeViolationError: there is such a run already.
            FailedTaskRunExceptionGroup: the run failed.
            ValueError: the run was cancelled. (The async form of the original returns an empty model instead.)
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
            return self._output_of(outcomes[0])
        run_ids = yield self._connection.trigger(specs)
        return self.get_run_ref(run_ids[0])

    aio_run = aio_twin(_run)
    run = blocking_twin(_run)

    @overload
    def _run_many(
        self,
        workflows: list[WorkflowRunTriggerConfig],
        return_exceptions: Literal[True],
        wait_for_result: Literal[True] = True,
    ) -> Steps[list[R | BaseException]]: ...
    @overload
    def _run_many(
        self,
        workflows: list[WorkflowRunTriggerConfig],
        return_exceptions: Literal[False] = False,
        wait_for_result: Literal[True] = True,
    ) -> Steps[list[R]]: ...
    @overload
    def _run_many(
        self,
        workflows: list[WorkflowRunTriggerConfig],
        return_exceptions: bool = False,
        *,
        wait_for_result: Literal[False],
    ) -> Steps[list[TaskRunRef[TWorkflowInput, R]]]: ...
    def _run_many(
        self,
        workflows: list[WorkflowRunTriggerConfig],
        return_exceptions: bool = False,
        wait_for_result: bool = True,
    ) -> Steps[list[R] | list[R | BaseException] | list[TaskRunRef[TWorkflowInput, R]]]:
        """Start many runs.

        Args:
            workflows: items from `create_bulk_run_item`.
            return_exceptions: put the exception of a run that has not completed in its place.
            wait_for_result: wait for the end of all runs; False: only until they are stored.

        Returns:
            Outputs, or references, in the order of the items.

        Raises:
            Exception: as `run`; without `return_exceptions` that of the first run, in order, that has not completed,
                once all have ended.
            BulkTriggerIdempotencyCollisionError: there are such runs already; the others were started.
        """
        specs = trigger_specs(self._client, workflows)
        if not wait_for_result:
            run_ids = yield self._connection.trigger(specs)
            return [self.get_run_ref(run_id) for run_id in run_ids]
        outcomes = yield start_and_wait(self._connection, specs)
        return (results_or_exceptions if return_exceptions else results_of)(outcomes, self._output_of)

    aio_run_many = aio_twin(_run_many)
    run_many = blocking_twin(_run_many)

    def get_run_ref(self, run_id: str) -> TaskRunRef[TWorkflowInput, R]:
        """The typed reference to a run of this task, from its id; nothing is sent."""
        return TaskRunRef(self, WorkflowRunRef(run_id, self._client))

    def _get_result(self, run_id: str) -> Steps[R]:
        """Wait for the end of a run of this task; returns and raises as `TaskRunRef.result`."""
        outcome = yield self._connection.outcome(run_id)
        return self._output_of(outcome)

    aio_get_result = aio_twin(_get_result)
    get_result = blocking_twin(_get_result)

    def _output_of(self, outcome: RunOutcome) -> R:
        return self._task.load_output(output_text(outcome, self._task.name))

    def mock_run(
        self,
        input: TWorkflowInput | None = None,
        additional_metadata: JSONSerializableMapping | None = None,
        parent_outputs: dict[str, JSONSerializableMapping] | None = None,
        retry_count: int = 0,
        lifespan: Any = None,
        dependencies: dict[str, Any] | None = None,
    ) -> R:
        """Run the body here, without engine and worker; see `Task.mock_run`."""
        return self._task.mock_run(input, additional_metadata, parent_outputs, retry_count, lifespan, dependencies)

    async def aio_mock_run(
        self,
        input: TWorkflowInput | None = None,
        additional_metadata: JSONSerializableMapping | None = None,
        parent_outputs: dict[str, JSONSerializableMapping] | None = None,
        retry_count: int = 0,
        lifespan: Any = None,
        dependencies: dict[str, Any] | None = None,
    ) -> R:
        """Run the async body here, without engine and worker; see `Task.aio_mock_run`."""
        return await self._task.aio_mock_run(
            input, additional_metadata, parent_outputs, retry_count, lifespan, dependencies
        )

    def run_no_wait(
        self,
        input: TWorkflowInput = NO_INPUT,
        options: TriggerWorkflowOptions | None = None,
    ) -> TaskRunRef[TWorkflowInput, R]:
        """Deprecated: `run(..., wait_for_result=False)`."""
        warn_deprecated("run_no_wait()", "run(..., wait_for_result=False)")
        return self.run(input, options, wait_for_result=False)

    async def aio_run_no_wait(
        self,
        input: TWorkflowInput = NO_INPUT,
        options: TriggerWorkflowOptions | None = None,
    ) -> TaskRunRef[TWorkflowInput, R]:
        """Deprecated: `aio_run(..., wait_for_result=False)`."""
        warn_deprecated("aio_run_no_wait()", "aio_run(..., wait_for_result=False)")
        return await self.aio_run(input, options, wait_for_result=False)

    def run_many_no_wait(self, workflows: list[WorkflowRunTriggerConfig]) -> list[TaskRunRef[TWorkflowInput, R]]:
        """Deprecated: `run_many(..., wait_for_result=False)`."""
        warn_deprecated("run_many_no_wait()", "run_many(..., wait_for_result=False)")
        return self.run_many(workflows, wait_for_result=False)

    async def aio_run_many_no_wait(
        self, workflows: list[WorkflowRunTriggerConfig]
    ) -> list[TaskRunRef[TWorkflowInput, R]]:
        """Deprecated: `aio_run_many(..., wait_for_result=False)`."""
        warn_deprecated("aio_run_many_no_wait()", "aio_run_many(..., wait_for_result=False)")
        return await self.aio_run_many(workflows, wait_for_result=False)
