"""A byte-bounded cache of task inputs, so that a task that starts soon needs no read. The store has them all.

A full cache admits nothing: tasks are served first in, first out, so what is in it will be needed before what comes.
"""

from hatchet_engine.core.model import Task

Payload = tuple[str, str]
"""Input JSON, metadata JSON."""

DEFAULT_CAPACITY = 32 * 1024 * 1024
_ENTRY_OVERHEAD = 400
"""Bytes of Python objects behind an entry, besides its text."""


class PayloadCache:
    """`capacity` in bytes."""

    def __init__(self, capacity: int = DEFAULT_CAPACITY) -> None:
        self._capacity = capacity
        self._size = 0
        self._entries: dict[str, Payload] = {}

    def add(self, task: Task, payload: Payload) -> None:
        weight = _weight(payload)
        if self._size + weight <= self._capacity:
            self._entries[task.id] = payload
            self._size += weight

    def take(self, task_id: str) -> Payload | None:
        """Remove and return, if it is there: a started task rarely needs its input again."""
        payload = self._entries.pop(task_id, None)
        if payload is not None:
            self._size -= _weight(payload)
        return payload

    def clear(self) -> None:
        self._entries.clear()
        self._size = 0


def _weight(payload: Payload) -> int:
    return len(payload[0]) + len(payload[1]) + _ENTRY_OVERHEAD
