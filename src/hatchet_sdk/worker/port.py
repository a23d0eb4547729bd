"""What a task's context needs from the worker that executes it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol


class WorkerPort(Protocol):
    """Safe to call from any thread and loop; nothing here blocks or raises. What is sent is batched."""

    worker_id: str
    labels: dict[str, str | int]

    def is_cancelled(self, task_id: str, retry_count: int) -> bool:
        """Whether the engine has cancelled this attempt (also: timed out, superseded)."""

    def log(self, task_id: str, retry_count: int, level: str, message: str, metadata: str = "") -> None:
        """Append a line to the task's log. `level`: DEBUG, INFO, WARN or ERROR; cut to 10,000 characters."""

    def put_stream(self, task_id: str, retry_count: int, index: int, data: bytes) -> None:
        """Publish chunk number `index` (from 0 in each attempt) of the attempt's stream."""

    def refresh_timeout(self, task_id: str, retry_count: int, increment: timedelta) -> None:
        """Move the attempt's execution deadline."""

    def release_slot(self, task_id: str, retry_count: int) -> None:
        """Give the attempt's slot back while its body goes on."""

    def upsert_labels(self, labels: Mapping[str, str | int]) -> None:
        """Merge `labels` over those of the worker."""
