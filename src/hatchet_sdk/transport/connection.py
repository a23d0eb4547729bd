"""`Connection`: everything the SDK says to an engine over gRPC."""

import asyncio
import gc
import os
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from hatchet_sdk.transport.ids import RunIds
from hatchet_sdk.transport.mailbox import Mailbox, Mailboxes, Reply
from hatchet_sdk.transport.records import RunOutcome, TaskOutcome, TriggerSpec

if TYPE_CHECKING:
    from hatchet_sdk.config import ClientConfig
    from hatchet_sdk.transport.services import Services
    from hatchet_wire.published.dispatcher_pb2 import WorkflowEvent
    from hatchet_wire.published.v1.workflows_pb2 import (
        CreateWorkflowVersionRequest,
        CreateWorkflowVersionResponse,
        GetRunDetailsResponse,
    )

__all__ = ["Connection", "RunOutcome", "TaskOutcome", "TriggerSpec"]

R = TypeVar("R")


class Connection:
    """One per `Hatchet` client. Started by the first call; nothing happens at construction.

    Its coroutines can be awaited on any event loop; the work is done on the connection's own thread. A forked child
    gets a thread of its own.
    """

    def __init__(self, config: "ClientConfig") -> None:
        self._config = config
        self._lock = threading.Lock()
        self._mailboxes = Mailboxes()
        self._run_ids = RunIds()
        self._services: Services | None = None
        self._left_behind: list[Services] = []
        self._finalizer: weakref.finalize[Any, Any] | None = None
        self._follows_forks = False

    @property
    def services(self) -> "Services":
        """The running transport; started by the first access."""
        services = self._services
        return services if services is not None and services.thread.running else self._start()

    def _start(self) -> "Services":
        from hatchet_sdk.transport.services import Services

        with self._lock:
            if self._services is None:
                self._services = Services(self._config)
                self._finalizer = weakref.finalize(self, self._services.stop)
                if not self._follows_forks:
                    _follow_forks(self)
                    self._follows_forks = True
            if not self._services.thread.running:
                self._services.start()
            return self._services

    async def trigger(self, specs: Sequence[TriggerSpec], subscribe: bool = False) -> list[str]:
        """Start runs.

        Args:
            specs: the runs; those of one chunk (1,000 runs, 3 MiB) are started together or not at all.
            subscribe: the caller will ask for the outcome of each run; the engine pushes them without being asked.

        Returns:
            The run ids in order, once the runs are durable.

        Raises:
            grpc.RpcError: the engine refused, or could not be reached.
            IdempotencyCollisionError, BulkTriggerIdempotencyCollisionError, DedupeViolationError: it exists already.
            ValueError: text that is not valid Unicode.
        """
        from hatchet_sdk.transport.triggers import TriggerCall

        if not specs:
            return []
        services = self.services
        reply: Reply[list[str]] = self._reply()
        call = TriggerCall(specs, self._run_ids.new(len(specs)), subscribe, reply)
        self._mine().forward(services.thread.mailbox, services.trigger, call.chunks(services.largest_item))
        return await reply.future

    async def run(self, specs: Sequence[TriggerSpec]) -> list[RunOutcome]:
        """Start runs and wait until all of them have ended; cheaper than `trigger` and `outcomes`.

        Returns:
            The outcomes in the order of `specs`.

        Raises:
            as `trigger` and `outcomes`.
        """
        from hatchet_sdk.transport.triggers import RunCall

        if not specs:
            return []
        services = self.services
        reply: Reply[list[RunOutcome]] = self._reply()
        call = RunCall(specs, self._run_ids.new(len(specs)), services.watch, reply)
        self._mine().forward(services.thread.mailbox, services.trigger, call.chunks(services.largest_item))
        try:
            return await reply.future
        except asyncio.CancelledError:
            services.thread.mailbox.post(services.give_up, call)
            raise

    async def outcome(self, run_id: str) -> RunOutcome:
        """Wait until a run has ended.

        Raises:
            grpc.RpcError: the engine does not accept us (a lost connection is waited out).
        """
        return (await self.outcomes((run_id,)))[0]

    async def outcomes(self, run_ids: Sequence[str]) -> list[RunOutcome]:
        """Wait until all of these runs have ended; cheaper than one `outcome` a run. In the order of `run_ids`."""
        from hatchet_sdk.transport.outcomes import OutcomeWait

        if not run_ids:
            return []
        services = self.services
        reply: Reply[list[RunOutcome]] = self._reply()
        wait = OutcomeWait(run_ids, reply)
        self._mine().forward(services.thread.mailbox, services.watch, wait)
        try:
            return await reply.future
        except asyncio.CancelledError:
            services.thread.mailbox.post(services.unwatch, wait)
            raise

    async def put_workflow(self, request: "CreateWorkflowVersionRequest") -> "CreateWorkflowVersionResponse":
        """Register a workflow (the newest version wins).

        Raises:
            grpc.RpcError: INVALID_ARGUMENT says what is wrong with it.
        """
        services = self.services
        return await self.call(lambda: services.unary.put_workflow(request))

    async def engine_version(self) -> str | None:
        """The version that the engine reports; None if it is too old to say."""
        services = self.services
        return await self.call(services.unary.engine_version)

    async def run_details(self, external_id: str) -> "GetRunDetailsResponse":
        """Status, input and outputs of a run.

        Raises:
            grpc.RpcError: NOT_FOUND after some retries: the run may become visible late.
        """
        services = self.services
        return await self.call(lambda: services.unary.run_details(external_id))

    async def stream_run_events(self, run_id: str) -> "AsyncIterator[WorkflowEvent]":
        """Live events and stream chunks of one run; ends when the run has ended.

        Raises:
            grpc.RpcError: NOT_FOUND, or the connection was lost.
        """
        from hatchet_sdk.transport.run_events import RunEvents

        services = self.services
        mailbox = services.thread.mailbox
        events = RunEvents(services.channel, run_id)
        mailbox.post(services.pump, events)
        try:
            while True:
                reply: Reply[list[WorkflowEvent]] = self._reply()
                mailbox.post(events.next_batch, reply)
                batch = await reply.future
                for event in batch:
                    yield event
                if not batch or batch[-1].hangup:
                    return
        finally:
            mailbox.post(services.stop_pump, events)

    async def call(self, make: Callable[[], Coroutine[Any, Any, R]]) -> R:
        """Run a coroutine of the transport on its thread; await the result here."""
        reply: Reply[R] = self._reply()
        thread = self.services.thread
        thread.mailbox.post(_start_call, thread.spawn, make, reply)
        return await reply.future

    def block_on(self, coroutine: Coroutine[Any, Any, R]) -> R:
        """Run a coroutine on the connection's thread, in a copy of the caller's context, and wait for its result.

        Raises:
            RuntimeError: called on that very thread.
        """
        return self.services.thread.block_on(coroutine)

    def close(self) -> None:
        """End the streams and the thread; who still waits gets an error. A later call starts anew."""
        with self._lock:
            services, self._services = self._services, None
            finalizer, self._finalizer = self._finalizer, None
        if services is not None and finalizer is not None:
            finalizer.detach()
            services.stop()

    def _mine(self) -> Mailbox:
        """The mailbox of the caller's loop."""
        return self._mailboxes.of(asyncio.get_running_loop())

    def _reply(self) -> "Reply[Any]":
        return Reply(self._mine())

    # ---- forks

    def _before_fork(self) -> None:
        """gRPC survives a fork only if it is at rest; unanswered requests are sent again afterwards."""
        self._lock.acquire()
        services = self._services
        if services is not None and services.thread.running:
            services.suspend()
            gc.collect()  # calls that hang in reference cycles would keep gRPC's poller alive

    def _after_fork_in_parent(self) -> None:
        services = self._services
        if services is not None and not services.thread.running:
            services.start()
        self._lock.release()

    def _after_fork_in_child(self) -> None:
        # The parent's loop is kept, not closed: closing would take its sockets out of the shared epoll set.
        if self._services is not None:
            self._left_behind.append(self._services)
        if self._finalizer is not None:
            self._finalizer.detach()
        self._services = None
        self._finalizer = None
        self._mailboxes = Mailboxes()
        self._run_ids = RunIds()
        self._lock = threading.Lock()


def _start_call(
    spawn: Callable[[Coroutine[Any, Any, R]], "asyncio.Task[R]"],
    make: Callable[[], Coroutine[Any, Any, R]],
    reply: "Reply[R]",
) -> None:
    def finished(task: "asyncio.Task[R]") -> None:
        if task.cancelled():
            reply.fail(asyncio.CancelledError())
        elif (error := task.exception()) is not None:
            reply.fail(error)
        else:
            reply.resolve(task.result())

    spawn(make()).add_done_callback(finished)


def _follow_forks(connection: Connection) -> None:
    """Fork handlers can't be taken back, so they must not keep the connection alive."""
    if not hasattr(os, "register_at_fork"):
        return
    weak = weakref.ref(connection)

    def run(step: Callable[[Connection], None]) -> Callable[[], None]:
        def handler() -> None:
            alive = weak()
            if alive is not None:
                step(alive)

        return handler

    os.register_at_fork(
        before=run(Connection._before_fork),
        after_in_parent=run(Connection._after_fork_in_parent),
        after_in_child=run(Connection._after_fork_in_child),
    )
