"""`Connection`: everything the SDK says to an engine over gRPC."""

from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from hatchet_sdk.transport.records import RunOutcome, TaskOutcome, TriggerSpec

if TYPE_CHECKING:
    from hatchet_sdk.config import ClientConfig
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

    async def trigger(self, specs: Sequence[TriggerSpec], subscribe: bool = False) -> list[str]:
        """Start runs.

        Args:
            specs: the runs; those of one chunk (1,000 runs, 2 MiB) are started together or not at all.
            subscribe: the caller will ask for the outcome of each run; the engine pushes them without being asked.

        Returns:
            The run ids in order, once the runs are durable.

        Raises:
            grpc.RpcError: the engine refused, or could not be reached.
            IdempotencyCollisionError, BulkTriggerIdempotencyCollisionError, DedupeViolationError: it exists already.
        """
        raise NotImplementedError

    async def outcome(self, run_id: str) -> RunOutcome:
        """Wait until a run has ended."""
        raise NotImplementedError

    async def outcomes(self, run_ids: Sequence[str]) -> list[RunOutcome]:
        """Wait until all of these runs have ended; cheaper than one `outcome` a run. In the order of `run_ids`."""
        raise NotImplementedError

    async def put_workflow(self, request: "CreateWorkflowVersionRequest") -> "CreateWorkflowVersionResponse":
        """Register a workflow (the newest version wins)."""
        raise NotImplementedError

    async def engine_version(self) -> str | None:
        """The version that the engine reports; None if it is too old to say."""
        raise NotImplementedError

    async def run_details(self, external_id: str) -> "GetRunDetailsResponse":
        """Status, input and outputs of a run."""
        raise NotImplementedError

    def stream_run_events(self, run_id: str) -> "AsyncIterator[WorkflowEvent]":
        """Live events and stream chunks of one run; ends when the run has ended."""
        raise NotImplementedError

    def block_on(self, coroutine: Coroutine[Any, Any, R]) -> R:
        """Run a coroutine on the connection's thread, in a copy of the caller's context, and wait for its result."""
        raise NotImplementedError

    def close(self) -> None:
        """End the streams and the thread. A later call starts them again."""
        raise NotImplementedError
