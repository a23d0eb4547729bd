"""The queue of one action: priority levels, FIFO within a level."""

from collections import deque
from collections.abc import Iterator

from hatchet_engine.core.machine import TaskState
from hatchet_engine.core.model import Task

RETRY_PRIORITY = 4
"""Ahead of every priority that a user can give: retries, reassignments, replays."""

_COMPACT_ABOVE = 1_024


class ActionQueue:
    """Tasks that wait for a worker.

    A task that leaves the queue other than by `pop` (cancelled, timed out) stays as a stale entry and is passed over:
    an entry is stale when its task is no longer QUEUED. A replayed task is a new object, so identity is enough.
    """

    __slots__ = ("action", "levels", "served", "size")

    def __init__(self, action: str) -> None:
        self.action = action
        self.size = 0
        self.served = 0
        """The tenant's count of served tasks when this queue was served last: who waited longest goes first."""
        self.levels: tuple[deque[Task], ...] = tuple(deque() for _ in range(RETRY_PRIORITY + 1))

    def push(self, task: Task) -> None:
        self.levels[task.queue_priority].append(task)
        self.size += 1

    def pop(self) -> Task | None:
        """Take the first task, or None if nothing waits."""
        if self.size:
            for level in reversed(self.levels):
                while level:
                    task = level.popleft()
                    if task.state is TaskState.QUEUED:
                        self.size -= 1
                        return task
        return None

    def first(self) -> Task | None:
        """Look at the task that `pop` would take."""
        if self.size:
            for level in reversed(self.levels):
                while level:
                    if level[0].state is TaskState.QUEUED:
                        return level[0]
                    level.popleft()
        return None

    def left(self) -> None:
        """A queued task changed its state in another way than by `pop`."""
        self.size -= 1
        if sum(map(len, self.levels)) > 2 * self.size + _COMPACT_ABOVE:
            for level in self.levels:
                waiting = [task for task in level if task.state is TaskState.QUEUED]
                level.clear()
                level.extend(waiting)

    def ahead_of(self, task: Task) -> int:
        """How many tasks are served before this one."""
        count = 0
        for queued in self:
            if queued is task:
                break
            count += 1
        return count

    def __iter__(self) -> Iterator[Task]:
        for level in reversed(self.levels):
            for task in level:
                if task.state is TaskState.QUEUED:
                    yield task
