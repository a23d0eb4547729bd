"""Live events of a run, as the first SDK versions offered them. `hatchet.runs.subscribe_to_stream` replaces this."""

from collections.abc import AsyncGenerator, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import BaseModel

from hatchet_sdk.context.deprecated import warn_deprecated

if TYPE_CHECKING:
    from hatchet_sdk.client import Client
    from hatchet_wire.published.dispatcher_pb2 import WorkflowEvent


class StepRunEventType(StrEnum):
    """What happened to a task run."""

    STEP_RUN_EVENT_TYPE_STARTED = "STEP_RUN_EVENT_TYPE_STARTED"
    STEP_RUN_EVENT_TYPE_COMPLETED = "STEP_RUN_EVENT_TYPE_COMPLETED"
    STEP_RUN_EVENT_TYPE_FAILED = "STEP_RUN_EVENT_TYPE_FAILED"
    STEP_RUN_EVENT_TYPE_CANCELLED = "STEP_RUN_EVENT_TYPE_CANCELLED"
    STEP_RUN_EVENT_TYPE_TIMED_OUT = "STEP_RUN_EVENT_TYPE_TIMED_OUT"
    STEP_RUN_EVENT_TYPE_STREAM = "STEP_RUN_EVENT_TYPE_STREAM"


class WorkflowRunEventType(StrEnum):
    """What happened to a run."""

    WORKFLOW_RUN_EVENT_TYPE_STARTED = "WORKFLOW_RUN_EVENT_TYPE_STARTED"
    WORKFLOW_RUN_EVENT_TYPE_COMPLETED = "WORKFLOW_RUN_EVENT_TYPE_COMPLETED"
    WORKFLOW_RUN_EVENT_TYPE_FAILED = "WORKFLOW_RUN_EVENT_TYPE_FAILED"
    WORKFLOW_RUN_EVENT_TYPE_CANCELLED = "WORKFLOW_RUN_EVENT_TYPE_CANCELLED"
    WORKFLOW_RUN_EVENT_TYPE_TIMED_OUT = "WORKFLOW_RUN_EVENT_TYPE_TIMED_OUT"


class StepRunEvent(BaseModel):
    """One event.

    Args:
        type: what happened.
        payload: output, error text or stream chunk.
    """

    type: StepRunEventType
    payload: str


class RunEventListener:
    """The events of the tasks of one run, from now on, until the run is over. Iterate it, with or without `async`.

    Args:
        workflow_run_id: the run.
        client: what it talks to the engine through.
    """

    def __init__(self, workflow_run_id: str, client: "Client") -> None:
        self.workflow_run_id = workflow_run_id
        self._client = client

    async def __aiter__(self) -> AsyncGenerator[StepRunEvent, None]:
        async for event in self._client.connection.stream_run_events(self.workflow_run_id):
            converted = _step_run_event(event)
            if converted is not None:
                yield converted

    def __iter__(self) -> Iterator[StepRunEvent]:
        events = self.__aiter__()
        block_on = self._client.connection.block_on
        try:
            while True:
                event = block_on(anext(events, None))
                if event is None:
                    return
                yield event
        finally:
            block_on(events.aclose())


class RunEventListenerClient:
    """`hatchet.listener`.

    Args:
        client: what it talks to the engine through.
    """

    def __init__(self, client: "Client") -> None:
        self._client = client

    def stream(self, workflow_run_id: str) -> RunEventListener:
        """The events of a run."""
        return RunEventListener(workflow_run_id, self._client)

    def stream_by_run_id(self, workflow_run_id: str) -> RunEventListener:
        """Deprecated: `stream`."""
        warn_deprecated("stream_by_run_id()", "stream()")
        return self.stream(workflow_run_id)


def _step_run_event(event: "WorkflowEvent") -> StepRunEvent | None:
    """The event in these words; None for one that is about the run as a whole."""
    from hatchet_wire.published.dispatcher_pb2 import ResourceEventType, ResourceType

    if event.resource_type != ResourceType.RESOURCE_TYPE_STEP_RUN:
        return None
    kind = ResourceEventType.Name(event.event_type).removeprefix("RESOURCE_EVENT_TYPE_")
    return StepRunEvent(type=StepRunEventType(f"STEP_RUN_EVENT_TYPE_{kind}"), payload=event.event_payload)
