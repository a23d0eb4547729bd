"""One tenant's live objects and the indices over them. Everything can be rebuilt from the store (recovery.py)."""

from collections import deque

from hatchet_engine.core.deadlines import Deadlines
from hatchet_engine.core.machine import TERMINAL, TaskState
from hatchet_engine.core.model import Task, Version, Worker, Workflow
from hatchet_engine.core.queues import ActionQueue


class Tenant:
    __slots__ = (
        "action_workers",
        "id",
        "queue_seq",
        "queues",
        "served",
        "task_deadlines",
        "tasks",
        "unarmed",
        "versions",
        "waiting",
        "worker_deadlines",
        "workers",
        "workflows",
    )

    def __init__(self, id: str) -> None:
        self.id = id
        self.workflows: dict[str, Workflow] = {}
        """By name."""
        self.versions: dict[str, Version] = {}
        self.tasks: dict[str, Task] = {}
        """Live ones, and finished ones whose commit is not done yet."""
        self.workers: dict[str, Worker] = {}
        self.queues: dict[str, ActionQueue] = {}
        self.waiting: dict[str, ActionQueue] = {}
        """Queues to look at in this batch, in the order in which they are served."""
        self.action_workers: dict[str, deque[Worker]] = {}
        self.task_deadlines = Deadlines()
        self.worker_deadlines = Deadlines()
        self.unarmed: dict[str, Task] = {}
        """Queued in this batch; those that are still queued at its end get their deadline armed then."""
        self.queue_seq = 0
        self.served = 0

    def enqueue(self, task: Task, now: int) -> None:
        """Put a task, already in state QUEUED, at the end of its level and let the batch look at its queue."""
        self.queue_seq += 1
        task.queue_seq = self.queue_seq
        task.queued_at = now
        task.deadline = now + task.step.step.schedule_timeout
        self.queue(task.step.action).push(task)
        self.unarmed[task.id] = task

    def queue(self, action: str) -> ActionQueue:
        """The action's queue, to be looked at in this batch."""
        queue = self.queues.get(action)
        if queue is None:
            queue = self.queues[action] = ActionQueue(action)
        self.waiting[action] = queue
        return queue

    def arm_queued(self, now: int) -> None:
        """End of a batch: arm the schedule deadline of what could not be assigned."""
        add = self.task_deadlines.add
        for task in self.unarmed.values():
            if task.state is TaskState.QUEUED and task.deadline is not None:
                add(task.id, task.deadline, now)
        self.unarmed.clear()

    def disarm(self, task: Task) -> None:
        """Clear the task's deadline, armed or about to be."""
        if task.deadline is not None:
            if self.unarmed.pop(task.id, None) is not task:
                self.task_deadlines.remove(task.id, task.deadline)
            task.deadline = None

    def spare(self, task: Task, until: int) -> None:
        """The engine was away: the task's deadline, which is not armed, does not pass before `until`."""
        task.deadline = max(task.deadline or until, until)

    def forget(self, task_ids: list[str]) -> None:
        """Drop finished tasks whose commit is done, unless they were replayed meanwhile."""
        for task_id in task_ids:
            task = self.tasks.get(task_id)
            if task is not None and task.state in TERMINAL:
                del self.tasks[task_id]

    def next_deadline(self) -> int | None:
        """When a Tick is due, in microseconds, or None."""
        task, worker = self.task_deadlines.next(), self.worker_deadlines.next()
        if task is None or worker is None:
            return worker if task is None else task
        return min(task, worker)
