"""Calls that start runs, on their way to the engine."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from grpc import StatusCode

from hatchet_sdk.transport.errors import rpc_error
from hatchet_sdk.transport.frames import FRAME_LIMIT, MESSAGE_OVERHEAD, field
from hatchet_sdk.transport.mailbox import Reply
from hatchet_sdk.transport.outcomes import OutcomeWait
from hatchet_sdk.transport.records import RunOutcome, TriggerSpec
from hatchet_wire.session.session_pb2 import DesiredLabel, Label, Trigger

if TYPE_CHECKING:
    from hatchet_wire.published.v1.shared.trigger_pb2 import DesiredWorkerLabels

MAX_ITEMS = 1_000
"""Runs in one request."""

_ITEMS = 2  # TriggerRequest.items


class TriggerChunk:
    """One TriggerRequest: its items are accepted together or not at all."""

    __slots__ = ("body", "call", "failing_since", "first", "sent", "size")

    def __init__(self, call: "TriggerCall", first: int, size: int, body: bytes) -> None:
        self.call = call
        self.first = first
        self.size = size
        self.body = body
        """The encoded items."""
        self.sent = False
        self.failing_since: float | None = None
        """When (time.monotonic) the engine was first out of reach for it."""

    @property
    def run_ids(self) -> list[str]:
        return self.call.run_ids[self.first : self.first + self.size]

    @property
    def specs(self) -> Sequence[TriggerSpec]:
        return self.call.specs[self.first : self.first + self.size]


class TriggerCall:
    """One `Connection.trigger`. Answered when every chunk of it is."""

    __slots__ = ("_error", "_reply", "_waiting", "run_ids", "specs", "subscribe")

    def __init__(self, specs: Sequence[TriggerSpec], run_ids: list[str], subscribe: bool, reply: Reply[Any]) -> None:
        self.specs = specs
        self.run_ids = run_ids
        self.subscribe = subscribe
        self._reply = reply
        self._error: BaseException | None = None
        self._waiting = 0

    def chunks(self, largest_item: int) -> list[TriggerChunk]:
        """Encode the call. To be done by the caller's thread: it takes most of the time.

        Args:
            largest_item: bytes of an item that the engine still accepts.

        Raises:
            AioRpcError: RESOURCE_EXHAUSTED, an item is too large.
            ValueError: an item is not valid Unicode.
        """
        most = min(FRAME_LIMIT - MESSAGE_OVERHEAD, largest_item)
        chunks: list[TriggerChunk] = []
        parts: list[bytes] = []
        first = size = 0
        for index, (spec, run_id) in enumerate(zip(self.specs, self.run_ids, strict=True)):
            part = field(_ITEMS, _encode(spec, run_id))
            _check_size(spec, len(part), largest_item)
            if parts and (len(parts) == MAX_ITEMS or size + len(part) > most):
                chunks.append(TriggerChunk(self, first, index - first, b"".join(parts)))
                parts, first, size = [], index, 0
            parts.append(part)
            size += len(part)
        chunks.append(TriggerChunk(self, first, len(self.specs) - first, b"".join(parts)))
        self._waiting = len(chunks)
        return chunks

    def accepted(self, chunk: TriggerChunk, run_ids: Sequence[str] = ()) -> None:
        """The chunk's runs are durable. `run_ids`: if they differ from those that were sent."""
        if run_ids:
            self.run_ids[chunk.first : chunk.first + chunk.size] = run_ids
        self._answered()

    def refused(self, error: BaseException) -> None:
        if self._error is None:
            self._error = error
        self._answered()

    def _answered(self) -> None:
        self._waiting -= 1
        if self._waiting == 0:
            if self._error is None:
                self._all_accepted()
            else:
                self._reply.fail(self._error)

    def _all_accepted(self) -> None:
        self._reply.resolve(self.run_ids)


class RunCall(TriggerCall):
    """One `Connection.run`: when its runs are durable it waits for their ends, without a stop at the caller's loop."""

    __slots__ = ("_outcomes", "_watch", "wait")

    def __init__(
        self,
        specs: Sequence[TriggerSpec],
        run_ids: list[str],
        watch: Callable[[OutcomeWait], None],
        outcomes: Reply[list[RunOutcome]],
    ) -> None:
        super().__init__(specs, run_ids, True, outcomes)
        self._watch = watch
        self._outcomes = outcomes
        self.wait: OutcomeWait | None = None

    def _all_accepted(self) -> None:
        self.wait = OutcomeWait(self.run_ids, self._outcomes)
        self._watch(self.wait)


def _check_size(spec: TriggerSpec, size: int, largest: int) -> None:
    if size > largest:
        raise rpc_error(
            StatusCode.RESOURCE_EXHAUSTED,
            f"the input of workflow '{spec.workflow}' makes a message of {size} bytes; at most {largest} can be sent "
            "(grpc_max_send_message_length). Store large data elsewhere and send a reference to it",
        )


def _encode(spec: TriggerSpec, run_id: str) -> bytes:
    try:
        item = Trigger(
            run_id=run_id,
            workflow=spec.workflow,
            input=spec.input,
            additional_metadata=spec.additional_metadata,
            priority=spec.priority or 0,
        )
        if spec.parent_run_id is not None or spec.parent_task_id is not None:
            _set_parent(item, spec)
        if spec.desired_worker_id is not None:
            item.desired_worker_id = spec.desired_worker_id
        if spec.desired_labels:
            _set_labels(item, spec.desired_labels)
    except UnicodeEncodeError as error:
        raise ValueError(
            f"the trigger of workflow '{spec.workflow}' contains text that is not valid Unicode: {error.reason}"
        ) from error
    return item.SerializeToString()


def _set_parent(item: Trigger, spec: TriggerSpec) -> None:
    item.parent_run_id = spec.parent_run_id or ""
    item.parent_task_id = spec.parent_task_id or ""
    if spec.child_index is not None:
        item.child_index = spec.child_index
    if spec.child_key is not None:
        item.child_key = spec.child_key


def _set_labels(item: Trigger, labels: "Mapping[str, DesiredWorkerLabels]") -> None:
    for key, wanted in labels.items():
        value = Label(text=wanted.str_value) if wanted.HasField("str_value") else Label(number=wanted.int_value)
        item.desired_labels[key].CopyFrom(
            DesiredLabel(value=value, required=wanted.required, comparator=wanted.comparator, weight=_weight(wanted))
        )


def _weight(wanted: "DesiredWorkerLabels") -> int:
    return wanted.weight if wanted.HasField("weight") else DEFAULT_WEIGHT


DEFAULT_WEIGHT = 100
"""Of a wanted label that names none."""
