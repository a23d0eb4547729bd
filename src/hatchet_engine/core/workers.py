"""Workers: registration, liveness, slots."""

from collections import deque
from collections.abc import Sequence

from hatchet_engine.core import tasks
from hatchet_engine.core.changes import CancelAttempt, Changes
from hatchet_engine.core.commands import (
    AttemptRef,
    ConnectWorker,
    DisconnectWorker,
    Heartbeat,
    PauseWorker,
    RegisterWorker,
    RemoveWorker,
    SendFailed,
    UpsertWorkerLabels,
)
from hatchet_engine.core.definition import DEFAULT_SLOT_TYPE, normalise_action
from hatchet_engine.core.durations import SECOND
from hatchet_engine.core.errors import FailedPrecondition, InvalidArgument, NotFound
from hatchet_engine.core.machine import WORKER_TRANSITIONS, TaskState, WorkerEvent, WorkerState
from hatchet_engine.core.model import Task, Worker
from hatchet_engine.core.slots import heard_of, offer_capacity
from hatchet_engine.core.state import Tenant

DEFAULT_SLOTS = 100
LOST_AFTER_SILENCE = 30 * SECOND
RECONNECT_GRACE = 5 * SECOND
"""A session worker whose stream ended is lost after this; it reconnects within a second if it can."""
RECONNECT_GRACE_PUBLISHED = 15 * SECOND
"""The same for a worker of the published protocol, which waits up to 5 s between attempts."""
AWAY_GRACE = 15 * SECOND
"""After the engine itself was away: what workers get before their silence counts again."""
TASK_AWAY_GRACE = AWAY_GRACE + 5 * SECOND
"""The same for the deadlines of tasks: a task whose worker is dead is reassigned before it could time out."""
ORPHANED_AFTER = 24 * 3600 * SECOND
"""A LOST worker is kept this long, so that it can come back under its id."""


def register(tenant: Tenant, command: RegisterWorker, changes: Changes, now: int) -> Worker:
    """Create a worker. It gets work once its stream is connected."""
    slots = dict(command.slots) or {DEFAULT_SLOT_TYPE: DEFAULT_SLOTS}
    if any(units < 0 for units in slots.values()):
        raise InvalidArgument("Invalid request: slot counts must not be negative")
    actions = [normalise_action(action) for action in command.actions]
    worker = Worker(command.worker_id, command.name, actions, slots, now)
    worker.labels.update(command.labels)
    worker.runtime.update(command.runtime)
    tenant.workers[worker.id] = worker
    changes.workers[worker.id] = worker
    arm(tenant, worker, now)
    return worker


def _offer_work(tenant: Tenant, worker: Worker) -> None:
    """A connected worker is looked at for work; others would only be in the way."""
    for action in worker.actions:
        tenant.action_workers.setdefault(action, deque()).append(worker)


def _offer_no_work(tenant: Tenant, worker: Worker) -> None:
    for action in worker.actions:
        peers = tenant.action_workers[action]
        peers.remove(worker)
        if not peers:
            del tenant.action_workers[action]


def connect(tenant: Tenant, command: ConnectWorker, changes: Changes, now: int) -> Worker:
    """A stream is open. What the worker runs and what we think it runs are made equal."""
    worker = _known(tenant, command.worker_id)
    if command.session < worker.session:
        return worker
    if command.running is None and worker.state is WorkerState.CONNECTED:
        _resend_unstarted(tenant, worker, changes, now)
    _move(tenant, worker, WorkerEvent.CONNECT)
    worker.grace_until = 0
    worker.session = command.session
    worker.session_protocol = command.session_protocol
    _seen(tenant, worker, now)
    changes.workers[worker.id] = worker
    if command.running is not None:
        _reconcile(tenant, worker, command.running, changes, now)
    offer_capacity(tenant, worker)
    return worker


def _reconcile(tenant: Tenant, worker: Worker, running: Sequence[AttemptRef], changes: Changes, now: int) -> None:
    claimed = {(attempt.task_id, attempt.retry_count) for attempt in running}
    for task in list(worker.held.values()):
        if (task.id, task.retry_count) not in claimed:
            tasks.reassign(tenant, task, "REASSIGNED", "The assignment did not reach the worker", changes, now)
    for task_id, retry_count in claimed:
        held = worker.held.get(task_id)
        if held is None or held.retry_count != retry_count:
            changes.effects.append(CancelAttempt(worker.id, task_id, retry_count, "superseded"))


def disconnect(tenant: Tenant, command: DisconnectWorker, changes: Changes, now: int) -> None:
    """The stream ended; an older session's end means nothing."""
    worker = tenant.workers.get(command.worker_id)
    if worker is None or worker.session != command.session or worker.state is not WorkerState.CONNECTED:
        return
    _move(tenant, worker, WorkerEvent.DISCONNECT)
    worker.last_seen = now
    arm(tenant, worker, now)
    changes.workers[worker.id] = worker
    if not worker.session_protocol:
        _resend_unstarted(tenant, worker, changes, now)


def _resend_unstarted(tenant: Tenant, worker: Worker, changes: Changes, now: int) -> None:
    """The published protocol confirms no assignment: what has not begun may never have arrived."""
    for task in [task for task in worker.held.values() if task.started_at is None]:
        _could_not_send(tenant, task, changes, now)


def heartbeat(tenant: Tenant, command: Heartbeat, changes: Changes, now: int) -> None:
    """The worker lives. Not stored: after a restart of the engine every worker gets a grace period anyway."""
    worker = _known(tenant, command.worker_id)
    if worker.session and worker.state is not WorkerState.CONNECTED:
        raise FailedPrecondition("the worker's stream is not open; connect again")
    worker.blocked_frame = command.blocked_frame
    heard_of(tenant, worker, now)


def pause(tenant: Tenant, command: PauseWorker, changes: Changes, now: int) -> Worker:
    worker = _known(tenant, command.worker_id)
    worker.paused = command.paused
    changes.workers[worker.id] = worker
    offer_capacity(tenant, worker)
    return worker


def remove(tenant: Tenant, command: RemoveWorker, changes: Changes, now: int) -> None:
    """Goodbye: what the worker still holds is reassigned at once."""
    worker = _known(tenant, command.worker_id)
    _move(tenant, worker, WorkerEvent.GOODBYE)
    _reassign_all(tenant, worker, "The worker said goodbye before the task was done", changes, now)
    del tenant.workers[worker.id]
    changes.workers[worker.id] = worker


def upsert_labels(tenant: Tenant, command: UpsertWorkerLabels, changes: Changes, now: int) -> Worker:
    worker = _known(tenant, command.worker_id)
    worker.labels.update(command.labels)
    changes.workers[worker.id] = worker
    return worker


def send_failed(tenant: Tenant, command: SendFailed, changes: Changes, now: int) -> None:
    """Assignments that never reached the worker's stream go back to the queue."""
    worker = tenant.workers.get(command.worker_id)
    if worker is None:
        return
    for attempt in command.attempts:
        task = worker.held.get(attempt.task_id)
        if task is not None and task.retry_count == attempt.retry_count:
            _could_not_send(tenant, task, changes, now)


def spare(tenant: Tenant, worker: Worker, now: int) -> None:
    """The engine was away, so the worker's silence means nothing yet."""
    worker.grace_until = now + AWAY_GRACE
    arm(tenant, worker, now)


def check_liveness(tenant: Tenant, worker: Worker, changes: Changes, now: int) -> None:
    """The worker's deadline has passed: it is lost, or it was heard of meanwhile."""
    if now < _deadline(worker):
        arm(tenant, worker, now)
        return
    if worker.state is WorkerState.LOST:
        _move(tenant, worker, WorkerEvent.GOODBYE)
        del tenant.workers[worker.id]
        changes.workers[worker.id] = worker
        return
    silence = (now - worker.last_seen) // SECOND
    _move(tenant, worker, WorkerEvent.SILENCE)
    changes.workers[worker.id] = worker
    _reassign_all(tenant, worker, f"Worker did not send a heartbeat for {silence} seconds", changes, now)
    arm(tenant, worker, now)


def arm(tenant: Tenant, worker: Worker, now: int) -> None:
    """Look at the worker's liveness again when its time has passed."""
    tenant.worker_deadlines.add(worker.id, _deadline(worker), now)


def _deadline(worker: Worker) -> int:
    if worker.state is WorkerState.LOST:
        return worker.last_seen + ORPHANED_AFTER
    patience = LOST_AFTER_SILENCE
    if worker.state is WorkerState.DISCONNECTED:
        patience = RECONNECT_GRACE if worker.session_protocol else RECONNECT_GRACE_PUBLISHED
    return max(worker.last_seen + patience, worker.grace_until)


def _known(tenant: Tenant, worker_id: str) -> Worker:
    worker = tenant.workers.get(worker_id)
    if worker is None:
        raise NotFound(f"worker {worker_id} is not known; register again")
    return worker


def _seen(tenant: Tenant, worker: Worker, now: int) -> None:
    worker.last_seen = now
    arm(tenant, worker, now)


def _move(tenant: Tenant, worker: Worker, event: WorkerEvent) -> None:
    was_connected = worker.state is WorkerState.CONNECTED
    worker.state = WORKER_TRANSITIONS[worker.state, event]
    is_connected = worker.state is WorkerState.CONNECTED
    if is_connected and not was_connected:
        _offer_work(tenant, worker)
    elif was_connected and not is_connected:
        _offer_no_work(tenant, worker)


def _reassign_all(tenant: Tenant, worker: Worker, message: str, changes: Changes, now: int) -> None:
    for task in list(worker.held.values()):
        tasks.reassign(tenant, task, "REASSIGNED", message, changes, now)


def _could_not_send(tenant: Tenant, task: Task, changes: Changes, now: int) -> None:
    if task.state is TaskState.RUNNING:
        message = "The assignment could not be sent to the worker"
        tasks.reassign(tenant, task, "COULD_NOT_SEND_TO_WORKER", message, changes, now)
