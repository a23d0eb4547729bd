"""A task's handle on its worker (deprecated in favour of members of the context)."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hatchet_sdk.worker.port import WorkerPort


class WorkerContext:
    """The worker that executes the task. `Context.worker_id`, `worker_labels` and `upsert_worker_labels` replace it."""

    def __init__(self, port: "WorkerPort") -> None:
        self._port = port

    def id(self) -> str:
        return self._port.worker_id

    def labels(self) -> dict[str, str | int]:
        return dict(self._port.labels)

    def upsert_labels(self, labels: dict[str, str | int]) -> None:
        self._port.upsert_labels(labels)

    async def async_upsert_labels(self, labels: dict[str, str | int]) -> None:
        self._port.upsert_labels(labels)
