"""Read-only facts about the running attempt."""

from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic_core import from_json

from hatchet_sdk.logger import logger
from hatchet_sdk.runnables.action import ActionKey
from hatchet_sdk.utils.typing import JSONSerializableMapping

if TYPE_CHECKING:
    from hatchet_sdk.client import Client
    from hatchet_sdk.worker.action import Action
    from hatchet_sdk.worker.port import WorkerPort

RESERVED_METADATA_PREFIX = "hatchet__"


def parsed_object(text: str) -> JSONSerializableMapping:
    """The JSON object in `text`; an empty one if there is none."""
    value = from_json(text) if text else None
    return value if isinstance(value, dict) else {}


class AttemptFacts:
    """What the engine said about this attempt. JSON texts are parsed when they are first asked for."""

    __slots__ = (
        "_action",
        "_additional_metadata",
        "_cancelled",
        "_client",
        "_lifespan",
        "_lock",
        "_max_attempts",
        "_port",
        "_spawned",
        "_stream_index",
        "_triggers",
    )

    links_children: ClassVar[bool] = True
    """Whether runs that the body starts are children of this one."""

    def __init__(
        self,
        action: "Action",
        port: "WorkerPort",
        client: "Client",
        lifespan: Any = None,
        max_attempts: int | None = None,
    ) -> None:
        self._action = action
        self._port = port
        self._client = client
        self._lifespan = lifespan
        self._max_attempts = action.retries + 1 if max_attempts is None else max_attempts
        self._cancelled = False
        self._additional_metadata: JSONSerializableMapping | None = None
        self._triggers: JSONSerializableMapping | None = None
        self._spawned = 0
        self._stream_index = 0
        self._lock = Lock()

    @property
    def worker_id(self) -> str:
        """Id of the worker that executes the task."""
        return self._port.worker_id

    @property
    def worker_labels(self) -> dict[str, str | int]:
        """The worker's labels as they are now."""
        return dict(self._port.labels)

    @property
    def lifespan(self) -> Any:
        """What the worker's lifespan yielded; None without a lifespan."""
        return self._lifespan

    @property
    def workflow_run_id(self) -> str:
        return self._action.run_id

    @property
    def task_run_id(self) -> str:
        return self._action.task_id

    @property
    def action_key(self) -> ActionKey:
        """The identity of this attempt: `<task run id>/<retry count>`."""
        return f"{self._action.task_id}/{self._action.retry_count}"

    @property
    def is_cancelled(self) -> bool:
        """Whether this attempt has been cancelled: check it in loops and stop."""
        return self._cancelled or self._port.is_cancelled(self._action.task_id, self._action.retry_count)

    @property
    def retry_count(self) -> int:
        """0 in the first attempt."""
        return self._action.retry_count

    @property
    def attempt_number(self) -> int:
        """1 in the first attempt."""
        return self._action.retry_count + 1

    @property
    def max_attempts(self) -> int:
        """The task's `retries` + 1."""
        return self._max_attempts

    @property
    def additional_metadata(self) -> JSONSerializableMapping:
        """The run's metadata."""
        if self._additional_metadata is None:
            self._additional_metadata = parsed_object(self._action.additional_metadata)
        return self._additional_metadata

    @property
    def priority(self) -> int | None:
        return self._action.priority

    @property
    def workflow_id(self) -> str | None:
        return self._action.workflow_id

    @property
    def workflow_version_id(self) -> str | None:
        return self._action.workflow_version_id

    @property
    def workflow_name(self) -> str:
        """Namespaced name of the workflow."""
        return self._action.workflow_name

    @property
    def task_name(self) -> str:
        return self._action.task_name

    @property
    def task_run_errors(self) -> dict[str, str]:
        """In an on-failure task: raw error text by name of the failed task. Elsewhere empty, which is logged."""
        errors = dict(self._action.task_errors)
        if not errors:
            logger.error("task_run_errors is only filled in an on-failure task")
        return errors

    @property
    def spawned_children(self) -> int:
        """How many children this attempt has spawned so far."""
        return self._spawned

    def claim_child_indices(self, count: int) -> range:
        """The next `count` child indices of this attempt."""
        with self._lock:
            first = self._spawned
            self._spawned = first + count
        return range(first, first + count)

    def inherited_metadata(self) -> JSONSerializableMapping:
        """The metadata that children of this run start with."""
        return {
            key: value
            for key, value in self.additional_metadata.items()
            if not key.startswith(RESERVED_METADATA_PREFIX)
        }
