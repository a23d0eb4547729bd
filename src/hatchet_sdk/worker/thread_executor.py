"""Runs sync bodies in threads."""

import ctypes
import threading
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from hatchet_sdk.logger import logger
from hatchet_sdk.transport.mailbox import Mailbox
from hatchet_sdk.worker.attempt import Attempt, now_us
from hatchet_sdk.worker.loop_executor import CANCEL_AFTER_S, Collect
from hatchet_sdk.worker.thread_pool import ThreadPool

if TYPE_CHECKING:
    from hatchet_sdk.worker.port import WorkerPort


ANNOUNCE_AFTER_S = 0.02


class ThreadExecutor:
    """`start` and `cancel` are called on the transport's loop. A blocked user loop does not hold these bodies up.

    Args:
        pool: the threads.
        transport: mailbox of the transport's loop.
        collect: `Runner.collect`.
        port: for the contexts.
        force_kill: stop cancelled bodies by raising SystemExit in their threads.
    """

    def __init__(
        self, pool: ThreadPool, transport: Mailbox, collect: Collect, port: "WorkerPort", force_kill: bool
    ) -> None:
        self._pool = pool
        self._transport = transport
        self._collect = collect
        self._port = port
        self._force_kill = force_kill
        self._lock = threading.Lock()
        self.lifespan: Any = None

    def start(self, attempts: Sequence[Attempt]) -> None:
        self._pool.submit([partial(self._run, attempt) for attempt in attempts])
        self._transport.loop.call_later(ANNOUNCE_AFTER_S, self._announce, attempts)

    def _announce(self, attempts: Sequence[Attempt]) -> None:
        """On the transport's loop: report what has begun and goes on. Short bodies need no STARTED of their own."""
        begun = []
        for attempt in attempts:
            if not attempt.started_at:
                attempt.announce = True  # it has to wait for a thread, and reports its start itself
            if attempt.started_at and attempt.ending is None:
                begun.append(attempt)
        if begun:
            self._collect(begun, ())

    def _run(self, attempt: Attempt) -> None:
        try:
            try:
                with self._lock:
                    attempt.handle = threading.get_ident()
                if not attempt.cancelled:
                    self._call_body(attempt)
            finally:
                with self._lock:
                    attempt.handle = None
            _let_pending_exception_out()
        finally:
            self._transport.post(self._collect, (), (attempt,))

    def _call_body(self, attempt: Attempt) -> None:
        entry = attempt.entry
        attempt.started_at = now_us()
        if attempt.announce:
            self._transport.post(self._collect, (attempt,), ())
        try:
            context = entry.context(attempt.action, self._port, self.lifespan)
            value = entry.task.call(context)
            attempt.complete("" if value is None else entry.task.dump_output(value))
        except BaseException as error:
            attempt.fail(error)

    def cancel(self, attempt: Attempt, at_once: bool) -> None:
        ident = attempt.handle
        if ident is None:
            return
        self._pool.write_off(ident)
        if self._force_kill:
            self._transport.loop.call_later(0 if at_once else CANCEL_AFTER_S, self._kill, attempt)
        else:
            logger.warning(
                "%s is cancelled, but its thread cannot be stopped and goes on; check ctx.is_cancelled in the body",
                attempt.name,
            )

    def _kill(self, attempt: Attempt) -> None:
        with self._lock:  # while this is held the thread can't take other work
            if attempt.handle is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(attempt.handle), ctypes.py_object(SystemExit))


def _let_pending_exception_out() -> None:
    """A call is where the interpreter raises what `_kill` left for the thread; not later, in the middle of a report."""
