"""Everything together: each step is one random thing that can happen."""

from collections.abc import Callable
from random import Random
from typing import Any

from hatchet_engine.core.changes import Assigned, CancelAttempt
from hatchet_engine.core.commands import (
    CancelTasks,
    Command,
    ConnectWorker,
    DisconnectWorker,
    Heartbeat,
    PauseWorker,
    RefreshTimeout,
    RegisterWorker,
    RegisterWorkflow,
    ReleaseSlot,
    RemoveWorker,
    ReplayTasks,
    StepEvent,
    StepEvents,
    TriggerItem,
    TriggerRuns,
)
from hatchet_engine.core.definition import WorkflowDefinition
from hatchet_engine.core.durations import HOUR, MINUTE, SECOND
from hatchet_engine.core.errors import CoreError
from tests.sim.disk import Disk
from tests.sim.engine import SimEngine
from tests.sim.history import History
from tests.sim.worker import SimWorker

START = 1_800_000_000 * SECOND
MAX_LIVE = 24

DEFINITIONS = [
    {"name": "plain", "tasks": [{"readable_id": "plain", "action": "svc:plain"}]},
    {"name": "retried", "tasks": [{"readable_id": "r", "action": "svc:retried", "retries": 2}]},
    {
        "name": "patient",
        "tasks": [
            {
                "readable_id": "p",
                "action": "svc:patient",
                "retries": 3,
                "backoff_factor": 2.0,
                "backoff_max_seconds": 5,
                "timeout": "3s",
                "schedule_timeout": "20s",
                "slot_requests": {"default": 2},
            }
        ],
        "default_priority": 2,
    },
]
ACTIONS = ["svc:plain", "svc:retried", "svc:patient"]


class World:
    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.now = START
        self.disk = Disk()
        self.history = History(self.disk)
        self.mail: list[tuple[str, Callable[[], None]]] = []
        """In flight: a label and what happens on arrival. Any may arrive next; some are lost or arrive twice."""
        self.workers: dict[str, SimWorker] = {}
        self.sessions = 0
        self.made = 0
        self.unconfirmed: dict[str, TriggerRuns] = {}
        self.engine = SimEngine(self.disk, self.history, self._to_worker)
        self.engine.boot(self.now)
        for number, raw in enumerate(DEFINITIONS):
            definition = WorkflowDefinition.parse(raw)
            self._command(RegisterWorkflow(definition, f"workflow-{number}", f"version-{number}", [f"step-{number}"]))
        self.engine.settle(self.now)

    # running

    def run(self, steps: int) -> None:
        actions: list[tuple[Callable[[], None], int]] = [
            (self.pipeline, 30),
            (self.deliver, 30),
            (self.pass_time, 12),
            (self.client_triggers, 10),
            (self.worker_finishes, 24),
            (self.worker_reports_start, 4),
            (self.worker_beats, 10),
            (self.client_sends_again, 2),
            (self.client_cancels, 3),
            (self.client_replays, 2),
            (self.worker_appears, 2),
            (self.worker_connects, 6),
            (self.worker_disconnects, 2),
            (self.worker_refreshes_or_releases, 2),
            (self.worker_freezes, 1),
            (self.worker_pauses, 1),
            (self.worker_dies, 1),
            (self.worker_says_goodbye, 1),
            (self.engine_dies, 2),
            (self.clock_jumps, 1),
        ]
        doers = [doer for doer, _ in actions]
        weights = [weight for _, weight in actions]
        for doer in self.rng.choices(doers, weights, k=steps):
            doer()
            self.history.nothing_lost()
        self.calm()

    def calm(self) -> None:
        """No more faults: everything that was accepted must come to an end."""
        self.mail.clear()
        self.engine.boot(self.now)
        self.workers = {"worker-last": SimWorker("worker-last", 8)}
        worker = self.workers["worker-last"]
        self._command(RegisterWorker(worker.id, worker.id, ACTIONS, {"default": 8}))
        self._connect(worker)
        for _ in range(3_000):
            self.engine.settle(self.now)
            while self.mail:
                self.mail.pop(0)[1]()
            if not self.engine.live():
                break
            while (event := worker.finish_one(self.rng, self.now)) is not None:
                self._report(worker, [event])
            self._command(Heartbeat(worker.id))
            self.now += SECOND
            self.engine.tick(self.now)
        self.engine.settle(self.now)
        self.history.all_finished()

    # one step each

    def pipeline(self) -> None:
        self.engine.step(self.now)

    def deliver(self) -> None:
        if not self.mail:
            return
        at = self.rng.randrange(min(len(self.mail), 6))
        fate = self.rng.random()
        label, arrive = self.mail[at]
        twice = fate < 0.06 and not label.startswith("trigger ")
        if not twice:
            del self.mail[at]
        if fate < 0.97:
            arrive()

    def pass_time(self) -> None:
        self.now += self.rng.choice([1, 1_000, 20_000, 100_000, 300_000, SECOND])
        self.engine.tick(self.now)

    def clock_jumps(self) -> None:
        if self.rng.random() < 0.3:
            self.now += self.rng.choice([10 * SECOND, MINUTE, HOUR])
        self.engine.tick(self.now)

    def client_triggers(self) -> None:
        if self.engine.live() > MAX_LIVE:
            return
        items = []
        for _ in range(self.rng.choice([1, 1, 1, 4])):
            self.made += 1
            workflow = self.rng.choice(["plain", "retried", "patient"])
            items.append(TriggerItem(f"run-{self.made}", workflow, priority=self.rng.choice([None, 1, 2, 3])))
        command = TriggerRuns(items)
        self.unconfirmed[items[0].run_id] = command
        self._send(f"trigger {items[0].run_id}", lambda: self._command(command, self._confirm(command)))

    def _confirm(self, command: TriggerRuns) -> Callable[[Any], None]:
        def confirmed(reply: Any) -> None:
            self.unconfirmed.pop(command.items[0].run_id, None)
            self.history.acknowledge(reply)

        return lambda reply: self._send("accepted", lambda: confirmed(reply))

    def client_sends_again(self) -> None:
        """On a new stream: what was in flight on the old one arrived or never will, and is not doubled by it."""
        if self.unconfirmed:
            original = self.unconfirmed[self.rng.choice(sorted(self.unconfirmed))]
            lost = f"trigger {original.items[0].run_id}"
            self.mail = [letter for letter in self.mail if letter[0] != lost]
            again = TriggerRuns(original.items, resent=True)
            self._send("sent again", lambda: self._command(again, self._confirm(original)))

    def client_cancels(self) -> None:
        ids = self._some_runs()
        self._send("cancel", lambda: self._command(CancelTasks(ids), self.history.cancel_acknowledged))

    def client_replays(self) -> None:
        ids = self._some_runs()
        if self.engine.live() <= MAX_LIVE:
            self._send("replay", lambda: self._command(ReplayTasks(ids)))

    def _some_runs(self) -> list[str]:
        known = sorted(self.disk.tasks)
        return self.rng.sample(known[-30:], min(len(known), self.rng.choice([1, 1, 2])))

    def worker_appears(self) -> None:
        if len(self.workers) < 4:
            self.made += 1
            worker = SimWorker(f"worker-{self.made}", self.rng.choice([1, 2, 3, 6]))
            actions = self.rng.sample(ACTIONS, self.rng.choice([1, 2, 3, 3]))
            self.workers[worker.id] = worker
            self._command(RegisterWorker(worker.id, worker.id, actions, {"default": worker.slots}))
            self._connect(worker)

    def worker_connects(self) -> None:
        worker = self._pick(lambda worker: not worker.connected and not worker.frozen)
        if worker is not None:
            self._connect(worker)

    def _connect(self, worker: SimWorker) -> None:
        self.sessions += 1
        worker.session, worker.connected = self.sessions, True
        self._command(ConnectWorker(worker.id, worker.session, worker.claims(), True), self._if_unknown(worker))
        if worker.unacked:
            self._report(worker, list(worker.unacked))

    def _if_unknown(self, worker: SimWorker) -> Callable[[Any], None]:
        def replied(reply: Any) -> None:
            if isinstance(reply, CoreError):
                self.workers.pop(worker.id, None)  # it would register anew

        return replied

    def worker_disconnects(self) -> None:
        worker = self._pick(lambda worker: worker.connected)
        if worker is not None:
            self._cut(worker)

    def _cut(self, worker: SimWorker) -> None:
        worker.connected = False
        session = worker.session
        self.mail = [letter for letter in self.mail if letter[0] != f"stream {worker.id}"]
        self._send("stream end", lambda: self._command(DisconnectWorker(worker.id, session)))

    def worker_finishes(self) -> None:
        worker = self._pick(lambda worker: bool(worker.running))
        event = worker.finish_one(self.rng, self.now) if worker is not None else None
        if worker is not None and event is not None and worker.connected:
            self._report(worker, [event])

    def worker_reports_start(self) -> None:
        worker = self._pick(lambda worker: worker.connected and bool(worker.running))
        event = worker.start_report(self.rng) if worker is not None else None
        if worker is not None and event is not None:
            command = StepEvents(worker.id, [event])
            self._send("started", lambda: self._command(command))

    def _report(self, worker: SimWorker, events: list[StepEvent]) -> None:
        command = StepEvents(worker.id, events)
        self._send(f"stream {worker.id}", lambda: self._command(command, lambda _: worker.acked(events)))

    def worker_beats(self) -> None:
        for worker in self.workers.values():
            if worker.connected and not worker.frozen:
                self._command(Heartbeat(worker.id), lambda _: None)

    def worker_refreshes_or_releases(self) -> None:
        worker = self._pick(lambda worker: worker.connected and bool(worker.running))
        if worker is not None:
            task_id, retry_count = self.rng.choice(sorted(worker.running))
            command: Command = ReleaseSlot(task_id, retry_count)
            if self.rng.random() < 0.5:
                command = RefreshTimeout(task_id, 2 * SECOND, retry_count)
            self._command(command, lambda _: None)

    def worker_freezes(self) -> None:
        worker = self._pick(lambda _: True)
        if worker is not None:
            worker.frozen = not worker.frozen

    def worker_pauses(self) -> None:
        worker = self._pick(lambda _: True)
        if worker is not None:
            self._command(PauseWorker(worker.id, self.rng.random() < 0.3), lambda _: None)

    def worker_dies(self) -> None:
        worker = self._pick(lambda _: True)
        if worker is not None:
            self._cut(worker)
            del self.workers[worker.id]

    def worker_says_goodbye(self) -> None:
        worker = self._pick(lambda worker: worker.connected)
        if worker is not None:
            del self.workers[worker.id]
            self._command(RemoveWorker(worker.id), lambda _: None)

    def engine_dies(self) -> None:
        """All streams break; what was in flight to the engine may or may not have arrived."""
        self.mail = [letter for letter in self.mail if not letter[0].startswith("stream") and self.rng.random() < 0.5]
        for worker in self.workers.values():
            worker.connected = False
        self.engine.boot(self.now)
        self.engine.check(self.now)

    # plumbing

    def _pick(self, wanted: Callable[[SimWorker], bool]) -> SimWorker | None:
        able = [worker for worker in self.workers.values() if wanted(worker)]
        return self.rng.choice(able) if able else None

    def _send(self, label: str, arrive: Callable[[], None]) -> None:
        self.mail.append((label, arrive))

    def _command(self, command: Command, reply: Callable[[Any], None] | None = None) -> None:
        generation = self.engine.generation

        def replied(answer: Any) -> None:
            if reply is not None and generation == self.engine.generation:
                reply(answer)

        self.engine.take(command, replied, self.now)

    def _to_worker(self, worker_id: str, message: Assigned | CancelAttempt) -> bool:
        worker = self.workers.get(worker_id)
        if worker is None or not worker.connected:
            return False
        self._send(f"stream {worker_id}", lambda: worker.receive(message, self.now))
        return True
