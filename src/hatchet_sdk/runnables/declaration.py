"""What workflows and standalone tasks have in common."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVar, cast

from pydantic import TypeAdapter

from hatchet_sdk.blocking import blocking
from hatchet_sdk.context.deprecated import warn_deprecated
from hatchet_sdk.exceptions import IllegalTaskInputError
from hatchet_sdk.runnables.types import EmptyModel, WorkflowConfig
from hatchet_sdk.serde.codec import Codec
from hatchet_sdk.serde.json_text import InvalidPayload
from hatchet_sdk.types.labels import DesiredWorkerLabel
from hatchet_sdk.types.priority import Priority, checked_priority
from hatchet_sdk.types.trigger import TriggerWorkflowOptions, WorkflowRunTriggerConfig
from hatchet_sdk.utils.typing import JSONSerializableMapping

if TYPE_CHECKING:
    from hatchet_sdk.client import Client
    from hatchet_sdk.clients.rest.models.v1_task_status import V1TaskStatus
    from hatchet_sdk.clients.rest.models.v1_task_summary import V1TaskSummary
    from hatchet_sdk.clients.rest.models.workflow import Workflow as WorkflowModel
    from hatchet_sdk.runnables.task import Task
    from hatchet_sdk.transport.connection import Connection
    from hatchet_wire.published.v1.workflows_pb2 import CreateWorkflowVersionRequest

TWorkflowInput = TypeVar("TWorkflowInput")
PauseBehavior = Literal["DROP", "QUEUE"]

NO_INPUT: Final[Any] = EmptyModel()
"""Stands for `{}` as the default of inputs of every type."""


class BaseWorkflow(ABC, Generic[TWorkflowInput]):
    """Shared by `Workflow` and `Standalone`. Not created by applications.

    Args:
        config: the settings of the workflow.
        client: what it talks to the engine through.
        input_codec: the JSON form of its input.
    """

    def __init__(self, config: WorkflowConfig, client: "Client", input_codec: Codec[TWorkflowInput]) -> None:
        self._config = config
        self._client = client
        self._input = input_codec
        self._name = client.config.apply_namespace(config.name)

    @property
    def _connection(self) -> "Connection":
        return self._client.connection

    @property
    def name(self) -> str:
        """Namespaced name of the workflow."""
        return self._name

    @property
    def service_name(self) -> str:
        """The name in lower case, the first half of the action ids of its tasks."""
        return self._name.lower()

    @property
    @abstractmethod
    def tasks(self) -> "list[Task[TWorkflowInput, Any]]":
        """All tasks, including the handlers of failure and success."""

    @property
    def input_validator(self) -> TypeAdapter[TWorkflowInput]:
        """Validates the input."""
        return self._input.adapter

    @property
    def input_validator_type(self) -> type[TWorkflowInput]:
        """The declared input type; EmptyModel if there is none."""
        return self._input.declared

    @property
    def config(self) -> WorkflowConfig:
        warn_deprecated(f"{type(self).__name__}.config", "its own properties")
        return self._config

    @property
    def client(self) -> "Client":
        warn_deprecated(f"{type(self).__name__}.client", "the Hatchet object")
        return self._client

    def to_proto(self) -> "CreateWorkflowVersionRequest":
        """The registration message.

        Raises:
            ValueError: the workflow has no tasks.
        """
        from hatchet_sdk.runnables.registration import workflow_request

        return workflow_request(self)

    def serialize_input(self, input: Any) -> str:
        """The JSON text of an input; empty for an empty one.

        Raises:
            pydantic.ValidationError: it does not fit the input type.
            IllegalTaskInputError: it cannot be sent.
        """
        if input is NO_INPUT or input is None or (isinstance(input, dict) and not input):
            return ""
        declared = self._input.declared
        if type(input) is not declared and declared is not EmptyModel:
            input = self._input.validated(input)
        try:
            return self._input.dump(input)
        except InvalidPayload as error:
            raise IllegalTaskInputError(f"the input of '{self._name}' {error}") from error

    def create_bulk_run_item(
        self,
        input: TWorkflowInput = NO_INPUT,
        key: str | None = None,
        options: TriggerWorkflowOptions | None = None,
        child_key: str | None = None,
        additional_metadata: JSONSerializableMapping | None = None,
        priority: Priority | None = None,
        desired_worker_id: str | None = None,
        sticky: bool = False,
        desired_worker_labels: list[DesiredWorkerLabel] | None = None,
    ) -> WorkflowRunTriggerConfig:
        """One item for `run_many`; items of different workflows can be mixed there.

        Args:
            input: the run's input.
            key: free text of the caller.
            options: deprecated; use the other arguments.
            child_key: identity of the child within its parent, instead of its position among the children.
            additional_metadata: metadata of the run, over that of the workflow and of the parent run.
            priority: Priority.LOW, MEDIUM or HIGH; None: that of the workflow.
            desired_worker_id: the worker to prefer when `sticky`; None: the one that executes the parent.
            sticky: ask for that worker.
            desired_worker_labels: instead of the labels that the tasks declare.

        Raises:
            pydantic.ValidationError: the input does not fit the input type.
            IllegalTaskInputError: the input cannot be sent.
        """
        return WorkflowRunTriggerConfig(
            workflow_name=self._name,
            input=self.serialize_input(input) or None,
            options=self._options(
                options, child_key, additional_metadata, priority, desired_worker_id, sticky, desired_worker_labels
            ),
            key=key,
        )

    def _options(
        self,
        options: TriggerWorkflowOptions | None,
        child_key: str | None,
        additional_metadata: JSONSerializableMapping | None,
        priority: int | None,
        desired_worker_id: str | None,
        sticky: bool,
        desired_worker_labels: list[DesiredWorkerLabel] | None,
    ) -> TriggerWorkflowOptions:
        result = options.model_copy() if options is not None else TriggerWorkflowOptions()
        if options is not None:
            warn_deprecated("the argument options", "the other arguments", stacklevel=4)
        defaults = self._config.default_additional_metadata
        if defaults or additional_metadata:
            result.additional_metadata = {**defaults, **result.additional_metadata, **(additional_metadata or {})}
        if priority is not None:
            result.priority = checked_priority(priority, stacklevel=5)
        if child_key is not None:
            result.child_key = child_key
        if desired_worker_id is not None:
            result.desired_worker_id = desired_worker_id
        if sticky:
            result.sticky = True
        if desired_worker_labels is not None:
            result.desired_worker_label = desired_worker_labels
        return result

    @cached_property
    def id(self) -> str:
        """Id of the workflow in the engine, looked up once.

        Raises:
            ValueError: no workflow with that name is registered.
        """
        return self._look_up_id()

    async def _aio_look_up_id(self) -> str:
        workflows = await self._client.workflows.aio_list(workflow_name=self._config.name)
        for workflow in workflows.rows or []:
            if workflow.name == self._name:
                return workflow.metadata.id
        raise ValueError(f"No workflow named '{self._name}' is registered; start a worker that has it")

    _look_up_id = blocking(_aio_look_up_id)

    async def _aio_id(self) -> str:
        known = self.__dict__.get("id")
        if known is None:
            known = self.__dict__["id"] = await self._aio_look_up_id()
        return cast(str, known)

    async def aio_list_runs(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
        offset: int | None = None,
        statuses: "Sequence[V1TaskStatus] | None" = None,
        additional_metadata: dict[str, str] | None = None,
        worker_id: str | None = None,
        parent_task_external_id: str | None = None,
        only_tasks: bool = False,
        triggering_event_external_id: str | None = None,
    ) -> "list[V1TaskSummary]":
        """Runs of this workflow, newest first; the arguments are those of `hatchet.runs.list`."""
        page = await self._client.runs.aio_list(
            since=since,
            until=until,
            limit=limit,
            offset=offset,
            statuses=list(statuses) if statuses is not None else None,
            additional_metadata=additional_metadata,
            worker_id=worker_id,
            parent_task_external_id=parent_task_external_id,
            only_tasks=only_tasks,
            triggering_event_external_id=triggering_event_external_id,
            workflow_ids=[await self._aio_id()],
        )
        return page.rows

    list_runs = blocking(aio_list_runs)

    async def aio_delete(self) -> None:
        """Remove the workflow with its history. Runs that have started go on."""
        await self._client.workflows.aio_delete(await self._aio_id())
        self.__dict__.pop("id", None)

    delete = blocking(aio_delete)

    async def aio_pause(
        self,
        queue_ttl: timedelta,
        paused_workflow_cron_run_queue_behavior: PauseBehavior = "QUEUE",
        paused_workflow_scheduled_run_queue_behavior: PauseBehavior = "QUEUE",
    ) -> "WorkflowModel":
        """Start no more runs; new ones are queued.

        Args:
            queue_ttl: a run that is queued longer than this is cancelled.
            paused_workflow_cron_run_queue_behavior: whether cron ticks are queued or dropped meanwhile.
            paused_workflow_scheduled_run_queue_behavior: the same for scheduled runs.
        """
        return await self._client.workflows.aio_pause(
            await self._aio_id(),
            queue_ttl,
            paused_workflow_cron_run_queue_behavior,
            paused_workflow_scheduled_run_queue_behavior,
        )

    pause = blocking(aio_pause)

    async def aio_unpause(self) -> "WorkflowModel":
        """Start runs again."""
        return await self._client.workflows.aio_unpause(await self._aio_id())

    unpause = blocking(aio_unpause)
