"""Contexts for running a task's body without engine and worker."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Never, cast

from pydantic_core import to_json

from hatchet_sdk.context.context import Context, DurableContext
from hatchet_sdk.logger import logger
from hatchet_sdk.serde.pydantic import HATCHET_PYDANTIC_SENTINEL
from hatchet_sdk.utils.typing import JSONSerializableMapping

if TYPE_CHECKING:
    from hatchet_sdk.runnables.task_definition import TaskDefinition


class MockPort:
    """A worker that is not there. Log lines only reach the SDK's logger; the rest is logged as not possible."""

    def __init__(self) -> None:
        self.worker_id = "mock-worker-id"
        self.labels: dict[str, str | int] = {}

    def is_cancelled(self, task_id: str, retry_count: int) -> bool:
        return False

    def log(self, task_id: str, retry_count: int, level: str, message: str, metadata: str = "") -> None:
        """The context has written the line to the SDK's logger; there is no other place for it."""

    def put_stream(self, task_id: str, retry_count: int, index: int, data: bytes) -> None:
        logger.error("put_stream() in a mock run: there is nobody to read the stream")

    def refresh_timeout(self, task_id: str, retry_count: int, increment: timedelta) -> None:
        logger.info("refresh_timeout() in a mock run: there is no deadline")

    def release_slot(self, task_id: str, retry_count: int) -> None:
        logger.info("release_slot() in a mock run: there is no slot")

    def upsert_labels(self, labels: Mapping[str, str | int]) -> None:
        self.labels.update(labels)


class MockContext(Context):
    """A context of no real run. Children that the body runs are real, and have no parent."""

    __slots__ = ()
    links_children = False


class MockDurableContext(DurableContext):
    """A durable context of no real run."""

    __slots__ = ()
    links_children = False

    def _needs_durable_protocol(self, what: str) -> Never:
        raise ValueError(f"{what} needs an engine, which a mock run does not have; test that part with run()")


def mock_context(
    task: "TaskDefinition[Any, Any]",
    input: Any,
    additional_metadata: JSONSerializableMapping | None,
    parent_outputs: dict[str, JSONSerializableMapping] | None,
    retry_count: int,
    lifespan: Any,
) -> Context:
    """The context of a mock run of `task`.

    Raises:
        TypeError: the task is a batch task, whose body takes many inputs.
    """
    from hatchet_sdk.worker.action import Action

    if task.batch:
        raise TypeError(f"{task.name} is a batch task; call its function with a dict of inputs instead")
    action = Action(
        task_id="mock-task-run-id",
        run_id="mock-workflow-run-id",
        retry_count=retry_count,
        action_id=task.action_id,
        task_name=task.name,
        workflow_name=task._workflow.name,
        workflow_id="mock-workflow-id",
        workflow_version_id="mock-workflow-version-id",
        step_id="mock-step-id",
        input="" if input is None else task._input.dump(input),
        additional_metadata=_json(additional_metadata or {}),
        parents={name: _json(output) for name, output in (parent_outputs or {}).items()},
        retries=task.retries,
    )
    kind = MockDurableContext if task.is_durable else MockContext
    return kind(action, MockPort(), task._workflow._client, lifespan)


def _json(value: Any) -> str:
    return to_json(value, context=cast(Any, HATCHET_PYDANTIC_SENTINEL)).decode()
