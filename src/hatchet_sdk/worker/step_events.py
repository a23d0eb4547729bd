"""Step events on their way to the engine: numbered, kept until they are acknowledged, sent again after a reconnect."""

from collections import deque
from collections.abc import Sequence

from hatchet_sdk.exceptions import IllegalTaskOutputError, TaskRunError
from hatchet_sdk.transport.frames import field
from hatchet_sdk.worker.attempt import Attempt, Ending, Key, now_us
from hatchet_wire.session.session_pb2 import StepEvent

_EVENTS = 2  # WorkerFrame.events
_KINDS: dict[Ending | None, StepEvent.Kind.ValueType] = {
    Ending.COMPLETED: StepEvent.COMPLETED,
    Ending.FAILED: StepEvent.FAILED,
}
_QUARTER = 4  # a character takes at most four bytes


class StepEvents:
    """Args:
    largest: bytes of the largest payload that an engine takes.
    """

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._sequence = 0
        self._unsent: deque[tuple[int, bytes, Key]] = deque()
        self._sent: deque[tuple[int, bytes, Key]] = deque()

    def started(self, attempts: Sequence[Attempt]) -> None:
        for attempt in attempts:
            self._sequence += 1
            event = StepEvent(
                sequence=self._sequence,
                task_id=attempt.action.task_id,
                retry_count=attempt.action.retry_count,
                kind=StepEvent.STARTED,
                started_at_us=attempt.started_at,
                at_us=attempt.started_at,
            )
            self._unsent.append((self._sequence, field(_EVENTS, event.SerializeToString()), attempt.key))

    def ended(self, attempts: Sequence[Attempt]) -> None:
        for attempt in attempts:
            check_payload(attempt, self._largest)
            self._sequence += 1
            event = StepEvent(
                sequence=self._sequence,
                task_id=attempt.action.task_id,
                retry_count=attempt.action.retry_count,
                kind=_KINDS[attempt.ending],
                payload=attempt.payload,
                should_not_retry=attempt.should_not_retry,
                started_at_us=attempt.started_at or attempt.ended_at,
                at_us=attempt.ended_at,
            )
            self._unsent.append((self._sequence, field(_EVENTS, event.SerializeToString()), attempt.key))

    def take(self) -> list[bytes]:
        """The encoded events that were not sent on this stream."""
        unsent, self._unsent = self._unsent, deque()
        self._sent.extend(unsent)
        return [piece for _, piece, _ in unsent]

    def acknowledged(self, sequence: int) -> None:
        """Everything up to `sequence` is on the engine's disk."""
        while self._sent and self._sent[0][0] <= sequence:
            self._sent.popleft()

    def rewind(self) -> None:
        """A new stream: what is not acknowledged has to be sent again."""
        self._sent.extend(self._unsent)
        self._unsent, self._sent = self._sent, deque()

    def owed(self) -> list[Key]:
        """The attempts that the engine may not know to have begun or ended."""
        return list(dict.fromkeys(key for events in (self._sent, self._unsent) for _, _, key in events))

    @property
    def all_acknowledged(self) -> bool:
        return not self._sent and not self._unsent


def check_payload(attempt: Attempt, largest: int) -> None:
    """Fail an attempt whose output cannot be sent: too large, or text that is not valid Unicode."""
    payload = attempt.payload
    if len(payload) * _QUARTER <= largest and payload.isascii():
        return
    try:
        size = len(payload.encode())
    except UnicodeEncodeError as error:
        _refuse(attempt, f"contains text that is not valid Unicode: {error.reason}")
        return
    if size > largest:
        _refuse(
            attempt,
            f"is {size} bytes of JSON; at most {largest} can be sent to the engine. Store large results elsewhere and "
            "return a reference to them",
        )


def _refuse(attempt: Attempt, why: str) -> None:
    error = IllegalTaskOutputError(f"the output of task '{attempt.action.task_name}' {why}")
    attempt.payload = TaskRunError.from_exception(error, attempt.action.task_id).serialize(include_metadata=True)
    attempt.ended_at = attempt.ended_at or now_us()
    attempt.ending = Ending.FAILED
