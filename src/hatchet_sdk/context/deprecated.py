"""Members of the context that will go in 2.0.0."""

import warnings
from typing import TYPE_CHECKING, Any, TypeVar

from hatchet_sdk.context.facts import parsed_object
from hatchet_sdk.context.parents import ParentResults
from hatchet_sdk.exceptions import TaskRunError
from hatchet_sdk.utils.typing import JSONSerializableMapping

if TYPE_CHECKING:
    from hatchet_sdk.context.worker_context import WorkerContext
    from hatchet_sdk.runnables.task import Task

R = TypeVar("R")


def warn_deprecated(name: str, instead: str, stacklevel: int = 3) -> None:
    """Warn that `name` is deprecated; `instead` says what to use."""
    warnings.warn(
        f"{name} is deprecated and will be removed in 2.0.0; use {instead}", DeprecationWarning, stacklevel=stacklevel
    )


class DeprecatedMembers(ParentResults):
    """Old names, with a warning each."""

    __slots__ = ()

    @property
    def step_run_id(self) -> str:
        """Deprecated: `task_run_id`."""
        warn_deprecated("Context.step_run_id", "Context.task_run_id")
        return self.task_run_id

    @property
    def exit_flag(self) -> bool:
        """Deprecated: `is_cancelled`."""
        warn_deprecated("Context.exit_flag", "Context.is_cancelled")
        return self.is_cancelled

    def done(self) -> bool:
        """Deprecated: `is_cancelled`."""
        warn_deprecated("Context.done()", "Context.is_cancelled")
        return self.is_cancelled

    @property
    def input(self) -> JSONSerializableMapping:
        """Deprecated: the task's first argument."""
        warn_deprecated("Context.input", "the task's first argument")
        return parsed_object(self._action.input)

    @property
    def workflow_input(self) -> JSONSerializableMapping:
        """Deprecated: the task's first argument."""
        warn_deprecated("Context.workflow_input", "the task's first argument")
        return parsed_object(self._action.input)

    @property
    def worker(self) -> "WorkerContext":
        """Deprecated: `worker_id`, `worker_labels`, `upsert_worker_labels`."""
        from hatchet_sdk.context.worker_context import WorkerContext

        warn_deprecated("Context.worker", "Context.worker_id, worker_labels and upsert_worker_labels()")
        return WorkerContext(self._port)

    async def aio_task_output(self, task: "Task[Any, R]") -> R:
        """Deprecated: `task_output`."""
        warn_deprecated("Context.aio_task_output()", "Context.task_output()")
        return self.task_output(task)

    def fetch_task_run_error(self, task: "Task[Any, R]") -> str | None:
        """Deprecated: `get_task_run_error`."""
        warn_deprecated("Context.fetch_task_run_error()", "Context.get_task_run_error()")
        error: TaskRunError | None = self.get_task_run_error(task)
        return None if error is None else str(error)
