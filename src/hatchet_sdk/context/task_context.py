"""The second argument of every task."""

import json
from typing import TYPE_CHECKING

from hatchet_sdk.blocking import blocking
from hatchet_sdk.context.deprecated import DeprecatedMembers
from hatchet_sdk.logger import logger
from hatchet_sdk.serde.stored_text import storable
from hatchet_sdk.utils.timedelta_to_expression import Duration, as_timedelta
from hatchet_sdk.utils.typing import JSONSerializableMapping

if TYPE_CHECKING:
    from hatchet_sdk.transport.connection import Connection


class Context(DeprecatedMembers):
    """What a task knows about its run and can ask of its worker and engine.

    `log`, `put_stream`, `release_slot`, `refresh_timeout` and `upsert_worker_labels` only queue a message, so their
    plain forms do not block an event loop; the `aio_` forms exist for symmetry.
    """

    __slots__ = ()

    @property
    def _connection(self) -> "Connection":
        return self._client.connection

    async def aio_cancel(self) -> None:
        """Cancel this task run. The body goes on until it checks `is_cancelled` or, if async, awaits something.

        Raises:
            hatchet_sdk.clients.rest.exceptions.ApiException: the engine refused or could not be reached.
        """
        await self._client.runs.aio_cancel(self.task_run_id)
        self._cancelled = True

    cancel = blocking(aio_cancel)

    def log(self, line: str | JSONSerializableMapping, raise_on_error: bool = False) -> None:
        """Write a line to the run's log, level INFO.

        Args:
            line: text (longer than 10,000 characters: cut), or a mapping, which is written as JSON.
            raise_on_error: has no effect; sending never raises.
        """
        text = storable(line if isinstance(line, str) else _as_text(line))
        logger.info(text)
        self._port.log(self.task_run_id, self.retry_count, "INFO", text)

    async def aio_log(self, line: str | JSONSerializableMapping, raise_on_error: bool = False) -> None:
        """As `log`."""
        self.log(line, raise_on_error)

    def put_stream(self, data: str | bytes) -> None:
        """Publish a chunk to whoever reads the run's stream right now. Chunks are not kept.

        Args:
            data: text, or bytes that are UTF-8.

        Raises:
            TypeError: neither text nor bytes.
        """
        if isinstance(data, str):
            data = data.encode("utf-8", "backslashreplace")
        elif not isinstance(data, bytes):
            raise TypeError(f"put_stream() takes str or bytes, not {type(data).__name__}")
        with self._lock:
            index = self._stream_index
            self._stream_index = index + 1
        self._port.put_stream(self.task_run_id, self.retry_count, index, data)

    async def aio_put_stream(self, data: str | bytes) -> None:
        """As `put_stream`."""
        self.put_stream(data)

    def release_slot(self) -> None:
        """Give the run's slot back while the body goes on.

        From then on the run is not tied to the worker: it is not started again if the worker dies.
        """
        self._port.release_slot(self.task_run_id, self.retry_count)

    async def aio_release_slot(self) -> None:
        """As `release_slot`."""
        self.release_slot()

    def refresh_timeout(self, increment_by: Duration) -> None:
        """Move the execution deadline.

        Args:
            increment_by: how much later than the present deadline.
        """
        self._port.refresh_timeout(self.task_run_id, self.retry_count, as_timedelta(increment_by))

    async def aio_refresh_timeout(self, increment_by: Duration) -> None:
        """As `refresh_timeout`."""
        self.refresh_timeout(increment_by)

    def upsert_worker_labels(self, labels: dict[str, str | int]) -> None:
        """Merge labels over those of the worker."""
        self._port.upsert_labels(labels)

    async def aio_upsert_worker_labels(self, labels: dict[str, str | int]) -> None:
        """As `upsert_worker_labels`."""
        self.upsert_worker_labels(labels)


def _as_text(line: object) -> str:
    try:
        return json.dumps(line)
    except (TypeError, ValueError):
        return str(line)
