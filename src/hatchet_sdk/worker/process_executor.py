"""Runs bodies in processes of their own, which can be killed."""

import multiprocessing
import queue
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING

from hatchet_sdk.logger import logger
from hatchet_sdk.transport.mailbox import Mailbox
from hatchet_sdk.worker import process_messages as say
from hatchet_sdk.worker.attempt import Attempt
from hatchet_sdk.worker.loop_executor import CANCEL_AFTER_S, Collect
from hatchet_sdk.worker.process_child import run_child

if TYPE_CHECKING:
    from hatchet_sdk.worker.port import WorkerPort

LEAVE_WITHIN_S = 5.0


class TaskProcessDied(Exception):
    """The process that executed the task died, or could not be started."""


class ProcessExecutor:
    """`start` and `cancel` are called on the transport's loop; each process has a thread here that talks to it.

    Args:
        size: number of processes; one that dies is replaced at once.
        settings: what each of them is started with.
        transport: mailbox of the transport's loop.
        collect: `Runner.collect`.
        port: where the processes' messages go.
    """

    def __init__(
        self, size: int, settings: say.ChildSettings, transport: Mailbox, collect: Collect, port: "WorkerPort"
    ) -> None:
        self._settings = settings
        self._transport = transport
        self.collect = collect
        self.port = port
        self._size = size
        self._jobs: queue.SimpleQueue[Attempt | None] = queue.SimpleQueue()
        self._seats: list[Seat] = []
        self.closing = False

    def warm_up(self) -> None:
        """Start the processes and wait until they can work: a task's timeout has no room for that. Blocks.

        Raises:
            TaskProcessDied: one of them cannot be started.
        """
        self._seats = [Seat(self, self._settings) for _ in range(self._size)]
        for seat in self._seats:
            seat.ready.wait()
            if seat.failure is not None:
                raise seat.failure

    def start(self, attempts: Sequence[Attempt]) -> None:
        for attempt in attempts:
            self._jobs.put(attempt)

    def cancel(self, attempt: Attempt, at_once: bool) -> None:
        seat = attempt.handle
        if not isinstance(seat, Seat):
            return
        if at_once:
            seat.kill(attempt)
        else:
            seat.warn(attempt)
            self._transport.loop.call_later(CANCEL_AFTER_S, seat.kill, attempt)

    def next_job(self) -> Attempt | None:
        return self._jobs.get()

    def report(self, started: Sequence[Attempt], ended: Sequence[Attempt]) -> None:
        """Called by the seats."""
        self._transport.post(self.collect, started, ended)

    def close(self) -> None:
        """Let idle processes clean up and exit; kill those that don't. Blocks for some seconds at most."""
        self.closing = True
        for _ in self._seats:
            self._jobs.put(None)
        deadline = time.monotonic() + LEAVE_WITHIN_S
        for seat in self._seats:
            seat.join(max(deadline - time.monotonic(), 0))

    def kill(self) -> None:
        """End all processes at once."""
        self.closing = True
        for seat in self._seats:
            seat.kill(None)


class Seat:
    """One process, replaced when it dies, and the thread that talks to it."""

    def __init__(self, executor: ProcessExecutor, settings: say.ChildSettings) -> None:
        self._executor = executor
        self._settings = settings
        self._lock = threading.Lock()
        self._process: BaseProcess | None = None
        self._pipe: Pipe | None = None
        self._attempt: Attempt | None = None
        self._doomed = False
        """The process was killed, although it may look alive for a moment."""
        self.ready = threading.Event()
        """The first process can work, or could not be started."""
        self.failure: TaskProcessDied | None = None
        self._thread = threading.Thread(target=self._work, name="hatchet-process-seat", daemon=True)
        self._thread.start()

    # ---- from other threads

    def kill(self, attempt: Attempt | None) -> None:
        """Kill the process if it (still) executes `attempt`; None: in any case."""
        with self._lock:
            if self._process is not None and (attempt is None or self._attempt is attempt):
                self._doomed = True
                self._process.kill()

    def warn(self, attempt: Attempt) -> None:
        """Tell the body that it is cancelled."""
        with self._lock:
            if self._attempt is attempt and self._pipe is not None:
                try:
                    self._pipe.send(say.CancelRun())
                except OSError:
                    logger.debug("the process of %s has just died", attempt.name)

    def join(self, within_s: float) -> None:
        self._thread.join(within_s)
        if self._thread.is_alive():
            self.kill(None)

    # ---- on the seat's thread

    def _work(self) -> None:
        self._prepare()
        self.ready.set()
        while (attempt := self._executor.next_job()) is not None:
            if not attempt.cancelled:
                try:
                    self._execute(attempt)
                except (EOFError, OSError) as error:
                    self._died(attempt, error)
                except Exception as error:
                    logger.exception("%s could not be handed to a process", attempt.name)
                    attempt.fail(error)
                    self._discard_process()
            self._executor.report((), (attempt,))
            self._prepare()
        self._leave()

    def _prepare(self) -> None:
        """Have a process that can work, if possible, before the next attempt needs it."""
        if self._is_alive() or self._executor.closing:
            return
        try:
            self._start_process()
        except (EOFError, OSError, TaskProcessDied) as error:
            self.failure = TaskProcessDied(f"a process for tasks could not be started: {error}")
            logger.error("%s", self.failure)
            self._discard_process()
        else:
            self.failure = None

    def _is_alive(self) -> bool:
        return self._pipe is not None and not self._doomed and self._process is not None and self._process.is_alive()

    def _execute(self, attempt: Attempt) -> None:
        pipe = self._pipe
        if pipe is None or not self._is_alive():
            pipe = self._start_process()
        entry, port = attempt.entry, self._executor.port
        job = say.Run(attempt.action, say.ImportPath.of(entry.task._fn), port.worker_id, dict(port.labels))
        with self._lock:
            self._attempt = attempt
            attempt.handle = self
        try:
            if attempt.cancelled:  # meanwhile, when there was no handle yet
                return
            pipe.send(job)
            while not isinstance(message := pipe.recv(), say.Ended):
                self._hear(attempt, message)
            attempt.should_not_retry = message.should_not_retry
            if message.ending == message.ending.COMPLETED:
                attempt.complete(message.payload)
            else:
                attempt.fail_with(message.payload)
        finally:
            with self._lock:
                self._attempt = None

    def _hear(self, attempt: Attempt, message: object) -> None:
        port, (task_id, retry_count) = self._executor.port, attempt.key
        if isinstance(message, say.Began):
            attempt.started_at = message.at_us
            self._executor.report((attempt,), ())
        elif isinstance(message, say.Log):
            port.log(task_id, retry_count, message.level, message.message, message.metadata)
        elif isinstance(message, say.Chunk):
            port.put_stream(task_id, retry_count, message.index, message.data)
        elif isinstance(message, say.Refresh):
            port.refresh_timeout(task_id, retry_count, message.increment)
        elif isinstance(message, say.Release):
            port.release_slot(task_id, retry_count)
        elif isinstance(message, say.UpsertLabels):
            port.upsert_labels(message.labels)
        elif isinstance(message, say.Unusable):
            raise TaskProcessDied(f"the process for {attempt.name} cannot execute it: {message.why}")

    def _start_process(self) -> Pipe:
        self._discard_process()
        context = multiprocessing.get_context("spawn")
        mine, theirs = context.Pipe()
        process = context.Process(target=run_child, args=(theirs, self._settings), name="hatchet-task")
        process.start()
        theirs.close()  # so that the end of the process is the end of the pipe
        with self._lock:
            self._process, self._pipe, self._doomed = process, mine, False
        try:
            first = mine.recv()
        except EOFError:
            raise EOFError(
                "while it started; is the worker's start protected by `if __name__ == '__main__'`?"
            ) from None
        if isinstance(first, say.Unusable):
            raise TaskProcessDied(first.why)
        return mine

    def _died(self, attempt: Attempt, error: Exception) -> None:
        process = self._process
        code = None
        if process is not None:
            process.join(LEAVE_WITHIN_S)
            code = process.exitcode
        self._discard_process()
        if attempt.cancelled:
            return
        how = f"was killed by signal {-code}" if code is not None and code < 0 else f"exited with status {code}"
        attempt.fail(TaskProcessDied(f"the process that executed {attempt.name} {how} {error}".rstrip()))

    def _discard_process(self) -> None:
        with self._lock:
            process, self._process = self._process, None
            pipe, self._pipe = self._pipe, None
        if pipe is not None:
            pipe.close()
        if process is not None:
            process.kill()
            process.join(LEAVE_WITHIN_S)

    def _leave(self) -> None:
        with self._lock:
            process, pipe = self._process, self._pipe
        if process is None or pipe is None:
            return
        try:
            pipe.send(say.Leave())
        except OSError:
            logger.debug("a task process has died before it was asked to leave")
        process.join(LEAVE_WITHIN_S)
        self._discard_process()
