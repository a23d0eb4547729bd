"""A simulated worker process with a session stream."""

from dataclasses import dataclass, field
from random import Random

from hatchet_engine.core.changes import Assigned, CancelAttempt
from hatchet_engine.core.commands import AttemptRef, StepEvent, StepEventKind
from tests.sim.history import output_of

Attempt = tuple[str, int]


@dataclass
class SimWorker:
    id: str
    slots: int
    connected: bool = False
    session: int = 0
    frozen: bool = False
    """Neither works nor beats: a stopped process, a dead network."""
    running: dict[Attempt, int] = field(default_factory=dict)
    """Attempt -> when it was started."""
    unacked: list[StepEvent] = field(default_factory=list)
    """Outcomes the engine has not confirmed; sent again after a reconnect."""

    def receive(self, message: Assigned | CancelAttempt, now: int) -> None:
        attempt = (message.task_id, message.retry_count)
        if isinstance(message, CancelAttempt):
            self.running.pop(attempt, None)
        elif not any((event.task_id, event.retry_count) == attempt for event in self.unacked):
            self.running[attempt] = now

    def finish_one(self, rng: Random, now: int) -> StepEvent | None:
        """Some running attempt ends, well or badly."""
        if not self.running or self.frozen:
            return None
        attempt = rng.choice(sorted(self.running))
        started = self.running.pop(attempt)
        event = StepEvent(*attempt, StepEventKind.COMPLETED, output_of(*attempt, self.id), started_at=started)
        kind = rng.random()
        if kind < 0.25:
            event = StepEvent(*attempt, StepEventKind.FAILED, "boom", rng.random() < 0.2, started)
        elif kind < 0.28:
            event.illegal_output = "not JSON"
        self.unacked.append(event)
        return event

    def start_report(self, rng: Random) -> StepEvent | None:
        if not self.running or self.frozen:
            return None
        return StepEvent(*rng.choice(sorted(self.running)), StepEventKind.STARTED)

    def claims(self) -> list[AttemptRef]:
        owed = [(event.task_id, event.retry_count or 0) for event in self.unacked]
        return [AttemptRef(task_id, retry_count) for task_id, retry_count in [*self.running, *owed]]

    def acked(self, events: list[StepEvent]) -> None:
        self.unacked = [event for event in self.unacked if event not in events]
