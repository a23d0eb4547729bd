"""After the commit: replies, assignments, cancels and results leave, in that order."""

from hatchet_engine.core.changes import Assigned, AttemptFailed, CancelAttempt, Changes, TaskFinished
from hatchet_engine.core.commands import AttemptRef
from hatchet_engine.core.machine import TERMINAL
from hatchet_engine.core.state import Tenant
from hatchet_engine.runtime.hub import Hub
from hatchet_engine.runtime.payloads import Payload, PayloadCache
from hatchet_engine.runtime.records import Delivery

Undelivered = list[tuple[str, list[AttemptRef]]]
"""Worker id, the attempts that it has no stream for."""


def collect_payloads(changes: Changes, cache: PayloadCache, payloads: dict[str, Payload]) -> list[str]:
    """Find the inputs of the tasks that this batch assigns; returns the ids of those that must be read."""
    wanted = {effect.task_id for effect in changes.effects if type(effect) is Assigned}
    for task, input_json, metadata in changes.created:
        if task.id in wanted:
            payloads[task.id] = (input_json, metadata)
        elif task.state not in TERMINAL:
            cache.add(task, (input_json, metadata))
    missing = []
    for task_id in wanted:
        if task_id not in payloads:
            payload = cache.take(task_id)
            if payload is None:
                missing.append(task_id)
            else:
                payloads[task_id] = payload
    return missing


class Release:
    """Routes the effects of committed batches."""

    def __init__(self, hub: Hub, cache: PayloadCache) -> None:
        self._hub = hub
        self._cache = cache

    def effects(self, tenant: Tenant, changes: Changes, payloads: dict[str, Payload]) -> Undelivered:
        """Tell everybody. Returns what could not be handed over."""
        undelivered: Undelivered = []
        per_worker: dict[str, tuple[list[Delivery], list[CancelAttempt]]] = {}
        finished: list[TaskFinished] = []
        for effect in changes.effects:
            if isinstance(effect, Assigned):
                payload = payloads.get(effect.task_id)
                if payload is None:
                    attempt = AttemptRef(effect.task_id, effect.retry_count)
                    undelivered.append((effect.worker_id, [attempt]))
                    continue
                task = tenant.tasks.get(effect.task_id)
                origin = task.origin if task is not None else None
                delivery = Delivery(effect, payload[0], payload[1], origin)
                per_worker.setdefault(effect.worker_id, ([], []))[0].append(delivery)
            elif isinstance(effect, TaskFinished):
                finished.append(effect)
            elif isinstance(effect, CancelAttempt):
                per_worker.setdefault(effect.worker_id, ([], []))[1].append(effect)
            elif isinstance(effect, AttemptFailed):
                self._hub.attempt_failed(tenant.id, effect)
        for worker_id, (assignments, cancels) in per_worker.items():
            if not self._hub.deliver(tenant.id, worker_id, assignments, cancels) and assignments:
                attempts = [AttemptRef(d.assigned.task_id, d.assigned.retry_count) for d in assignments]
                undelivered.append((worker_id, attempts))
        if finished:
            self._hub.tasks_finished(tenant.id, finished)
            for effect in finished:
                self._cache.take(effect.task_id)
            tenant.forget([effect.task_id for effect in finished])
        return undelivered
