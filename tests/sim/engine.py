"""The runtime's loop in miniature: open batch, commit, release; it can die between any two of them."""

from collections.abc import Callable
from typing import Any

from hatchet_engine.core import apply as core
from hatchet_engine.core import invariants
from hatchet_engine.core.changes import Assigned, CancelAttempt, Changes, TaskFinished
from hatchet_engine.core.commands import AttemptRef, Command, ReplayTasks, SendFailed, Tick, TriggerRuns
from hatchet_engine.core.errors import CoreError
from hatchet_engine.core.machine import TERMINAL
from hatchet_engine.core.recovery import restore
from tests.sim.disk import Disk
from tests.sim.history import History, Violation

Reply = Callable[[Any], None]


class SimEngine:
    def __init__(self, disk: Disk, history: History, send: Callable[[str, Any], bool]) -> None:
        self.disk, self.history, self.send = disk, history, send
        self.ack_before_commit = False
        self.generation = 0
        self.boot(0)

    def boot(self, now: int) -> None:
        """Start, or start again after a crash: everything comes from disk."""
        self.generation += 1
        self.tenant = restore("tenant", self.disk.load(), now)
        self.changes = Changes()
        self.replies: list[tuple[Reply, Any]] = []
        self.frozen: tuple[Changes, Disk, list[tuple[Reply, Any]]] | None = None
        self.written = False

    def take(self, command: Command, reply: Reply, now: int) -> None:
        """Apply a command to the open batch."""
        command = self._prefetch(command)
        try:
            answer = core.apply(self.tenant, command, self.changes, now)
        except CoreError as error:
            reply(error)
            return
        if self.ack_before_commit:
            reply(answer)
        else:
            self.replies.append((reply, answer))

    def _prefetch(self, command: Command) -> Command:
        if isinstance(command, ReplayTasks):
            finished = self.disk.finished(list(command.task_ids), self.tenant.versions)
            return ReplayTasks(command.task_ids, finished)
        if isinstance(command, TriggerRuns) and command.resent:
            known = frozenset(item.run_id for item in command.items if item.run_id in self.disk.tasks)
            return TriggerRuns(command.items, known, True)
        return command

    def step(self, now: int) -> None:
        """One step of the commit pipeline: freeze, write or release."""
        if self.frozen is None:
            core.finish(self.tenant, self.changes, now)
            self.check(now)
            self.frozen = (self.changes, self.disk.freeze(self.changes), self.replies)
            self.changes, self.replies, self.written = Changes(), [], False
        elif not self.written:
            changes, rows, _ = self.frozen
            self.disk.write(rows)
            self.history.committed(changes, rows)
            self.written = True
        else:
            changes, _, replies = self.frozen
            self.frozen = None
            for reply, answer in replies:
                reply(answer)
            self._release(changes, now)

    def _release(self, changes: Changes, now: int) -> None:
        self.history.released(changes)
        finished = []
        for effect in changes.effects:
            if isinstance(effect, Assigned | CancelAttempt):
                sent = self.send(effect.worker_id, effect)
                if not sent and isinstance(effect, Assigned):
                    attempt = AttemptRef(effect.task_id, effect.retry_count)
                    self.take(SendFailed(effect.worker_id, [attempt]), lambda _: None, now)
            elif isinstance(effect, TaskFinished):
                self.history.result(effect.task_id, effect.retry_count, effect.state)
                finished.append(effect.task_id)
        self.tenant.forget(finished)

    def settle(self, now: int) -> None:
        """Commit and release all that is pending."""
        for _ in range(7):
            self.step(now)

    def tick(self, now: int) -> None:
        at = self.tenant.next_deadline()
        if at is not None and at <= now:
            self.take(Tick(), lambda _: None, now)

    def check(self, now: int) -> None:
        findings = invariants.check(self.tenant, now)
        if findings:
            raise Violation("; ".join(findings))

    def live(self) -> int:
        return sum(task.state not in TERMINAL for task in self.tenant.tasks.values())
