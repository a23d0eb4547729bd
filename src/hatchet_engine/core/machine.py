"""The life of a task run and of a worker, as data: `(state, event) -> state`.

A pair that is missing is a bug or a stale message, never an improvisation. docs/architecture.md shows the tables;
tests/core/test_machine.py keeps both equal and shows that every transition is exercised.
"""

from enum import IntEnum


class TaskState(IntEnum):
    """Stored as this number in `tasks.state`."""

    QUEUED = 0
    RUNNING = 1
    BACKOFF = 2
    COMPLETED = 3
    FAILED = 4
    CANCELLED = 5


TERMINAL = frozenset({TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED})


class TaskEvent(IntEnum):
    """What can happen to a task run."""

    ASSIGN = 0
    SCHEDULE_TIMEOUT = 1
    COMPLETE = 2
    RETRY = 3
    RETRY_LATER = 4
    FAIL = 5
    REASSIGN = 6
    BACKOFF_OVER = 7
    CANCEL = 8
    REPLAY = 9


_S, _E = TaskState, TaskEvent

TASK_TRANSITIONS: dict[tuple[TaskState, TaskEvent], TaskState] = {
    (_S.QUEUED, _E.ASSIGN): _S.RUNNING,
    (_S.QUEUED, _E.SCHEDULE_TIMEOUT): _S.CANCELLED,
    (_S.QUEUED, _E.CANCEL): _S.CANCELLED,
    (_S.RUNNING, _E.COMPLETE): _S.COMPLETED,
    (_S.RUNNING, _E.RETRY): _S.QUEUED,
    (_S.RUNNING, _E.RETRY_LATER): _S.BACKOFF,
    (_S.RUNNING, _E.FAIL): _S.FAILED,
    (_S.RUNNING, _E.REASSIGN): _S.QUEUED,
    (_S.RUNNING, _E.CANCEL): _S.CANCELLED,
    (_S.BACKOFF, _E.BACKOFF_OVER): _S.QUEUED,
    (_S.BACKOFF, _E.CANCEL): _S.CANCELLED,
    (_S.COMPLETED, _E.REPLAY): _S.QUEUED,
    (_S.FAILED, _E.REPLAY): _S.QUEUED,
    (_S.CANCELLED, _E.REPLAY): _S.QUEUED,
}


class WorkerState(IntEnum):
    """Stored as this number in `workers.state`. Only CONNECTED workers get work."""

    CONNECTED = 0
    DISCONNECTED = 1
    LOST = 2
    GONE = 3


class WorkerEvent(IntEnum):
    CONNECT = 0
    DISCONNECT = 1
    SILENCE = 2
    GOODBYE = 3


_W, _V = WorkerState, WorkerEvent

WORKER_TRANSITIONS: dict[tuple[WorkerState, WorkerEvent], WorkerState] = {
    (_W.CONNECTED, _V.CONNECT): _W.CONNECTED,
    (_W.DISCONNECTED, _V.CONNECT): _W.CONNECTED,
    (_W.LOST, _V.CONNECT): _W.CONNECTED,
    (_W.CONNECTED, _V.DISCONNECT): _W.DISCONNECTED,
    (_W.CONNECTED, _V.SILENCE): _W.LOST,
    (_W.DISCONNECTED, _V.SILENCE): _W.LOST,
    (_W.CONNECTED, _V.GOODBYE): _W.GONE,
    (_W.DISCONNECTED, _V.GOODBYE): _W.GONE,
    (_W.LOST, _V.GOODBYE): _W.GONE,
}
