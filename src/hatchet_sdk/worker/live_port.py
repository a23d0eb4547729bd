"""The worker as the contexts of its tasks see it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from hatchet_sdk.transport.mailbox import Mailbox
from hatchet_sdk.worker.attempt import Attempt, Key, now_us

if TYPE_CHECKING:
    from hatchet_sdk.worker.runner import Runner


class LivePort:
    """Any thread may call; everything is posted to the transport's loop, in order."""

    def __init__(
        self, runner: "Runner", live: Mapping[Key, Attempt], mailbox: Mailbox, labels: Mapping[str, str | int]
    ) -> None:
        self._runner = runner
        self._live = live
        self._post = mailbox.post
        self.worker_id = ""
        self.labels: dict[str, str | int] = dict(labels)

    def is_cancelled(self, task_id: str, retry_count: int) -> bool:
        attempt = self._live.get((task_id, retry_count))
        return attempt is not None and attempt.cancelled

    def log(self, task_id: str, retry_count: int, level: str, message: str, metadata: str = "") -> None:
        self._post(self._runner.log, (task_id, retry_count), now_us(), level, message, metadata)

    def put_stream(self, task_id: str, retry_count: int, index: int, data: bytes) -> None:
        self._post(self._runner.chunk, (task_id, retry_count), index, data)

    def refresh_timeout(self, task_id: str, retry_count: int, increment: timedelta) -> None:
        self._post(self._runner.refresh, (task_id, retry_count), increment)

    def release_slot(self, task_id: str, retry_count: int) -> None:
        self._post(self._runner.release, (task_id, retry_count))

    def upsert_labels(self, labels: Mapping[str, str | int]) -> None:
        self.labels.update(labels)
        self._post(self._runner.upsert_labels, dict(labels))
