"""Live events of one run, for a consumer on any loop."""

import asyncio
from collections import deque
from typing import TYPE_CHECKING

import grpc
from grpc import StatusCode

from hatchet_sdk.transport.errors import rpc_error
from hatchet_sdk.transport.mailbox import Reply
from hatchet_wire.published.dispatcher_pb2 import SubscribeToWorkflowEventsRequest, WorkflowEvent

if TYPE_CHECKING:
    from hatchet_sdk.transport.channel import Channel

MOST_WAITING = 1_000
"""Events read ahead of a slow consumer; then the engine has to wait."""


class RunEvents:
    """Pumps one subscription. Everything here runs on the transport's loop."""

    def __init__(self, channel: "Channel", run_id: str) -> None:
        self._channel = channel
        self._run_id = run_id
        self._events: deque[WorkflowEvent] = deque()
        self._room = asyncio.Event()
        self._reply: Reply[list[WorkflowEvent]] | None = None
        self._error: BaseException | None = None
        self._ended = False

    async def pump(self) -> None:
        request = SubscribeToWorkflowEventsRequest(workflow_run_id=self._run_id)
        stream = self._channel.dispatcher.SubscribeToWorkflowEvents(request, metadata=self._channel.metadata)
        try:
            async for event in stream:
                self._events.append(event)
                self._hand_over()
                if event.hangup:
                    break
                if len(self._events) >= MOST_WAITING:
                    self._room.clear()
                    await self._room.wait()
        except grpc.RpcError as error:
            self._error = error
        except asyncio.CancelledError:
            self._error = rpc_error(StatusCode.CANCELLED, "the subscription was ended here")
        finally:
            stream.cancel()
            self._ended = True
            self._hand_over()

    def next_batch(self, reply: Reply[list[WorkflowEvent]]) -> None:
        """Answer with what has come since the last batch, at least one event; with an empty list at the end."""
        self._reply = reply
        self._hand_over()

    def _hand_over(self) -> None:
        reply = self._reply
        if reply is None or not (self._events or self._ended):
            return
        self._reply = None
        if not self._events and self._error is not None:
            reply.fail(self._error)
            return
        batch = list(self._events)
        self._events.clear()
        self._room.set()
        reply.resolve(batch)
