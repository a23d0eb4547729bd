"""The inside of a task process: one body at a time, told by a pipe."""

import asyncio
import importlib
import os
import signal
import sys
import threading
from collections.abc import AsyncGenerator, Mapping
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from typing import TYPE_CHECKING, Any

from hatchet_sdk.exceptions import IllegalTaskOutputError
from hatchet_sdk.worker import process_messages as say
from hatchet_sdk.worker.action import Action
from hatchet_sdk.worker.attempt import Attempt, now_us
from hatchet_sdk.worker.log_capture import LogCapture
from hatchet_sdk.worker.registry import Entry, Place

if TYPE_CHECKING:
    from hatchet_sdk.runnables.task import Task

ORPHANED = 3
"""Exit status of a process whose worker is gone."""


class ChildPort:
    """The worker as a context in this process sees it."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._sending = threading.Lock()
        self.worker_id = ""
        self.labels: dict[str, str | int] = {}
        self.cancelled = False

    def send(self, message: object) -> None:
        with self._sending:
            self._pipe.send(message)

    def is_cancelled(self, task_id: str, retry_count: int) -> bool:
        return self.cancelled

    def log(self, task_id: str, retry_count: int, level: str, message: str, metadata: str = "") -> None:
        self.send(say.Log(now_us(), level, message, metadata))

    def put_stream(self, task_id: str, retry_count: int, index: int, data: bytes) -> None:
        self.send(say.Chunk(index, data))

    def refresh_timeout(self, task_id: str, retry_count: int, increment: timedelta) -> None:
        self.send(say.Refresh(increment))

    def release_slot(self, task_id: str, retry_count: int) -> None:
        self.send(say.Release())

    def upsert_labels(self, labels: Mapping[str, str | int]) -> None:
        self.labels.update(labels)
        self.send(say.UpsertLabels(dict(labels)))


class Child:
    """Runs in the process."""

    def __init__(self, pipe: Pipe, settings: say.ChildSettings) -> None:
        self._pipe = pipe
        self._port = ChildPort(pipe)
        self._settings = settings
        self._jobs: list[say.Run] = []
        self._changed = threading.Condition()
        self._leaving = False
        self._entries: dict[str, Entry] = {}

    def main(self) -> None:
        threading.Thread(target=self._listen, name="hatchet-pipe", daemon=True).start()
        capture = LogCapture(self._port) if self._settings.capture_logs else None
        with asyncio.Runner() as runner:
            lifespan = _imported(self._settings.lifespan)() if self._settings.lifespan else None
            value = runner.run(_first(lifespan)) if lifespan is not None else None
            self._port.send(say.Ready())
            while (job := self._next()) is not None:
                self._port.send(self._run(runner, job, value, capture))
            if lifespan is not None:
                runner.run(_finish(lifespan))

    def _listen(self) -> None:
        """Everything that the worker says; if it dies, so does this process, also in the middle of a body."""
        try:
            while True:
                message = self._pipe.recv()
                with self._changed:
                    if isinstance(message, say.Run):
                        self._jobs.append(message)
                    elif isinstance(message, say.CancelRun):
                        self._port.cancelled = True
                    elif isinstance(message, say.Leave):
                        self._leaving = True
                    self._changed.notify()
        except (EOFError, OSError):
            os._exit(ORPHANED)

    def _next(self) -> say.Run | None:
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._leaving)
            return self._jobs.pop(0) if self._jobs else None

    def _run(self, runner: asyncio.Runner, job: say.Run, lifespan: Any, capture: LogCapture | None) -> say.Ended:
        action = job.action
        self._port.worker_id, self._port.labels, self._port.cancelled = job.worker_id, dict(job.labels), False
        entry = self._entry(action, job.function)
        attempt = Attempt(action, entry)
        if capture is not None:
            capture.attach(entry.client.config.logger)
        self._port.send(say.Began(now_us()))
        try:
            context = entry.context(action, self._port, lifespan)
            value = self._body(runner, entry, context)
            attempt.complete(entry.task.dump_output(value))
        except BaseException as error:
            attempt.fail(error)
        if attempt.ending is None:
            raise IllegalTaskOutputError("the attempt did not end")
        return say.Ended(attempt.ending, attempt.payload, attempt.should_not_retry)

    def _body(self, runner: asyncio.Runner, entry: Entry, context: Any) -> Any:
        task = entry.task
        if task.is_async_function:
            return runner.run(task.aio_call(context))
        if not task.needs_loop_for_dependencies:
            return task.call(context)

        async def with_dependencies() -> Any:
            async with task.resolve_dependencies(context) as dependencies:
                return task.call(context, dependencies)

        return runner.run(with_dependencies())

    def _entry(self, action: Action, function: say.ImportPath) -> Entry:
        entry = self._entries.get(action.action_id)
        if entry is None:
            entry = Entry(_find_task(action.action_id, function), Place.PROCESS)
            self._entries[action.action_id] = entry
        return entry


async def _first(lifespan: AsyncGenerator[Any, Any]) -> Any:
    return await anext(lifespan)


async def _finish(lifespan: AsyncGenerator[Any, Any]) -> None:
    await anext(lifespan, None)


def _imported(path: say.ImportPath) -> Any:
    found: Any = importlib.import_module(path.module)
    for name in path.qualname.split("."):
        found = getattr(found, name)
    return found


def _find_task(action_id: str, function: say.ImportPath) -> "Task[Any, Any]":
    """The task with this action id among the module-level names of what is imported, its own module first."""
    own = importlib.import_module(function.module)
    for module in [own, *[module for module in list(sys.modules.values()) if module is not own]]:
        for value in list(vars(module).values()) if module is not None else ():
            task = _task_in(value, action_id)
            if task is not None:
                return task
    raise LookupError(
        f"no module-level name in {function.module} or in what it imports leads to the task {action_id}; define the "
        "task (or its workflow) at the top level of a module"
    )


def _task_in(value: Any, action_id: str) -> "Task[Any, Any] | None":
    from hatchet_sdk.runnables.declaration import BaseWorkflow
    from hatchet_sdk.runnables.task import Task

    if isinstance(value, Task):
        return value if value.action_id == action_id else None
    if isinstance(value, BaseWorkflow):
        return next((task for task in value.tasks if task.action_id == action_id), None)
    return None


def run_child(pipe: Pipe, settings: say.ChildSettings) -> None:
    """The target of the process. The worker decides when it ends, so signals for the group are ignored."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    try:
        Child(pipe, settings).main()
    except BaseException as error:
        pipe.send(say.Unusable(f"{type(error).__name__}: {error}"))
        raise
