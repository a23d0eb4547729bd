"""What a task sees of the tasks before it."""

from typing import TYPE_CHECKING, Any, TypeVar

from hatchet_sdk.context.facts import parsed_object
from hatchet_sdk.context.origin import RunOrigin
from hatchet_sdk.exceptions import TaskRunError

if TYPE_CHECKING:
    from hatchet_sdk.runnables.task import Task

R = TypeVar("R")


class ParentResults(RunOrigin):
    """Outputs and errors of other tasks of the run."""

    __slots__ = ()

    def task_output(self, task: "Task[Any, R]") -> R:
        """Output of a parent, validated to the parent's return type.

        Args:
            task: a task that is in this task's `parents`.

        Raises:
            ValueError: the parent was skipped, or the task is not a parent.
            pydantic.ValidationError: the stored output does not fit the parent's return type.
        """
        output = self._action.parents.get(task.name)
        if output is None:
            raise ValueError(f"Step output for '{task.name}' not found; is it in the parents of '{self.task_name}'?")
        if self.was_skipped(task):
            raise ValueError(f"{task.name} was skipped")
        return task.load_output(output)

    def was_skipped(self, task: "Task[Any, R]") -> bool:
        """Whether a parent was skipped."""
        output = self._action.parents.get(task.name, "")
        return '"skipped"' in output and parsed_object(output) == {"skipped": True}

    def get_task_run_error(self, task: "Task[Any, R]") -> TaskRunError | None:
        """In an on-failure task: the error of one task, None if it did not fail."""
        error = self.task_run_errors.get(task.name)
        return None if error is None else TaskRunError.deserialize(error)
