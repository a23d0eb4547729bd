"""The tasks that a worker executes, and where each of them runs."""

from collections.abc import Iterable
from enum import Enum
from typing import TYPE_CHECKING, Any

from hatchet_sdk.context.context import Context, DurableContext
from hatchet_sdk.worker.action import Action

if TYPE_CHECKING:
    from hatchet_sdk.runnables.declaration import BaseWorkflow
    from hatchet_sdk.runnables.task import Task
    from hatchet_sdk.worker.port import WorkerPort


class Place(Enum):
    """Where a body runs."""

    LOOP = "the user's event loop"
    THREAD = "a thread"
    PROCESS = "a process of its own"


class Entry:
    """One task with what the hot path needs to know about it."""

    __slots__ = ("client", "context_type", "max_attempts", "place", "slots", "task", "thread_body")

    def __init__(self, task: "Task[Any, Any]", place: Place) -> None:
        self.task = task
        self.place = place
        self.thread_body = place is Place.LOOP and not task.is_async_function
        """A sync body whose dependencies need the loop."""
        self.client = task._workflow._client
        self.context_type = DurableContext if task.is_durable else Context
        self.max_attempts = task.retries + 1
        self.slots = tuple(task.slot_requests.items())

    def complete(self, action: Action) -> None:
        """Add what the published protocol does not say."""
        action.workflow_name = self.task._workflow.name
        action.retries = self.task.retries

    def context(self, action: Action, port: "WorkerPort", lifespan: Any) -> Context:
        return self.context_type(action, port, self.client, lifespan, self.max_attempts)


def place_of(task: "Task[Any, Any]", processes: int) -> Place:
    """Where the body of `task` runs on a worker with so many processes for sync tasks."""
    if task.process or (processes > 0 and not task.is_async_function):
        return Place.PROCESS
    if task.is_async_function or task.needs_loop_for_dependencies:
        return Place.LOOP
    return Place.THREAD


class Registry:
    """Tasks by action id.

    Args:
        processes: processes for sync tasks; 0: they run in threads.
    """

    def __init__(self, processes: int = 0) -> None:
        self._processes = processes
        self._entries: dict[str, Entry] = {}

    def add(self, workflow: "BaseWorkflow[Any]") -> None:
        for task in workflow.tasks:
            self._entries[task.action_id] = Entry(task, place_of(task, self._processes))

    def find(self, action_id: str) -> Entry | None:
        return self._entries.get(action_id)

    @property
    def actions(self) -> list[str]:
        return list(self._entries)

    @property
    def entries(self) -> Iterable[Entry]:
        return self._entries.values()

    def uses(self, place: Place) -> bool:
        return any(entry.place is place for entry in self._entries.values())
