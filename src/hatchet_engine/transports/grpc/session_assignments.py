"""What the next frames to one session worker will carry."""

from collections import deque
from collections.abc import Iterable, Sequence

from hatchet_engine.core.changes import CancelAttempt
from hatchet_engine.core.commands import AttemptRef
from hatchet_engine.core.model import VersionStep
from hatchet_engine.runtime.records import Delivery
from hatchet_engine.transports.payloads import utf8_length
from hatchet_wire.session.session_pb2 import EngineToWorkerFrame, SessionError, StepInfo, WorkerWelcome

FRAME_BYTES = 3 * 1024 * 1024 - 64 * 1024
"""A frame is kept below 3 MiB; one item alone may be larger."""
_ASSIGNMENT_OVERHEAD = 300
_SMALL_ITEMS = 5_000
"""Cancels and refreshes in one frame, at about 100 bytes each."""


class WorkerOutbox:
    """Steps are announced before their first assignment, once per stream."""

    def __init__(self) -> None:
        self.waiting_bytes = 0
        self.welcome: WorkerWelcome | None = None
        self.acked_sequence = 0
        self.ack_is_due = False
        """An acknowledgement rides on whatever frame comes next; this asks for a frame of its own."""
        self.errors: list[SessionError] = []
        self.refreshed: list[tuple[AttemptRef, int]] = []
        self._acked_before = 0
        self._assignments: deque[tuple[Delivery, int]] = deque()
        self._cancels: deque[CancelAttempt] = deque()
        self._steps: dict[str, int] = {}

    def add(self, assignments: Iterable[Delivery], cancels: Sequence[CancelAttempt]) -> None:
        for delivery in assignments:
            size = _ASSIGNMENT_OVERHEAD + utf8_length(delivery.input) + utf8_length(delivery.additional_metadata)
            self._assignments.append((delivery, size))
            self.waiting_bytes += size
        if cancels:
            self._cancels.extend(self._withdraw(cancels) if self._assignments else cancels)

    def _withdraw(self, cancels: Sequence[CancelAttempt]) -> Iterable[CancelAttempt]:
        """Drop assignments that wait and are cancelled; returns the cancels that the worker has to hear of.

        A cancel goes out at once, so it could overtake an assignment that waits for room in a later frame. The worker
        would ignore it, as it does not know the attempt yet, and start the attempt afterwards.
        """
        to_send = {(cancel.task_id, cancel.retry_count): cancel for cancel in cancels}
        kept: deque[tuple[Delivery, int]] = deque()
        for delivery, size in self._assignments:
            if to_send.pop((delivery.assigned.task_id, delivery.assigned.retry_count), None) is None:
                kept.append((delivery, size))
            else:
                self.waiting_bytes -= size
        self._assignments = kept
        return to_send.values()

    def undelivered(self) -> Sequence[AttemptRef]:
        """Attempts that no frame has carried yet."""
        return [AttemptRef(d.assigned.task_id, d.assigned.retry_count) for d, _ in self._assignments]

    @property
    def owes_ack(self) -> bool:
        return self.acked_sequence > self._acked_before

    def take(self) -> EngineToWorkerFrame | None:
        has_ack = self.owes_ack
        ack_alone = has_ack and self.ack_is_due
        if not (self._assignments or ack_alone or self._cancels or self.refreshed or self.errors or self.welcome):
            return None
        frame = EngineToWorkerFrame(welcome=self.welcome)
        self.welcome = None
        if has_ack:
            frame.acked_sequence = self._acked_before = self.acked_sequence
            self.ack_is_due = False
        self._fill(frame)
        if self._cancels or self.refreshed or self.errors:
            self._fill_small(frame)
        return frame

    def _fill(self, frame: EngineToWorkerFrame) -> None:
        waiting, add, steps, used = self._assignments, frame.assignments.add, self._steps, 0
        while waiting and (used == 0 or used + waiting[0][1] <= FRAME_BYTES):
            delivery, size = waiting.popleft()
            used += size
            assigned = delivery.assigned
            task_id = assigned.task_id
            step = steps.get(assigned.step.id) or self._announce(frame, assigned.step)
            assignment = add(
                step=step,
                task_id=task_id,
                run_id=task_id,
                retry_count=assigned.retry_count,
                priority=assigned.priority,
                input=delivery.input,
                additional_metadata=delivery.additional_metadata,
            )
            origin = delivery.origin
            if origin is not None:
                assignment.parent_run_id = origin.parent_run_id or ""
                if origin.child_index is not None:
                    assignment.child_index = origin.child_index
                if origin.child_key is not None:
                    assignment.child_key = origin.child_key
        self.waiting_bytes -= used

    def _announce(self, frame: EngineToWorkerFrame, step: VersionStep) -> int:
        index = self._steps[step.id] = len(self._steps) + 1
        version = step.version
        frame.steps.append(
            StepInfo(
                index=index,
                action=step.action,
                step_id=step.id,
                task_name=step.step.name,
                workflow_id=version.workflow_id,
                workflow_version_id=version.id,
                workflow_name=version.definition.name,
                execution_timeout_us=step.step.execution_timeout,
                retries=step.step.retries,
            )
        )
        return index

    def _fill_small(self, frame: EngineToWorkerFrame) -> None:
        for _ in range(min(len(self._cancels), _SMALL_ITEMS)):
            cancel = self._cancels.popleft()
            added = frame.cancels.add(reason=cancel.reason)
            added.attempt.task_id, added.attempt.retry_count = cancel.task_id, cancel.retry_count
        refreshed, self.refreshed = self.refreshed[:_SMALL_ITEMS], self.refreshed[_SMALL_ITEMS:]
        for attempt, deadline in refreshed:
            entry = frame.refreshed.add(deadline_us=deadline)
            entry.attempt.task_id, entry.attempt.retry_count = attempt.task_id, attempt.retry_count
        frame.errors.extend(self.errors[: _SMALL_ITEMS // 10])
        del self.errors[: _SMALL_ITEMS // 10]
