"""`Hatchet`: the one object that an application needs."""

import logging
from collections.abc import AsyncGenerator, Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, overload

from hatchet_sdk.client import Client
from hatchet_sdk.config import ClientConfig
from hatchet_sdk.context.context import Context
from hatchet_sdk.context.deprecated import warn_deprecated
from hatchet_sdk.logger import logger
from hatchet_sdk.runnables.batch_declarations import BatchDeclarations
from hatchet_sdk.runnables.contextvars import ctx_hatchet_context
from hatchet_sdk.runnables.declaration import BaseWorkflow
from hatchet_sdk.runnables.types import DEFAULT_PRIORITY, NO_DEFAULTS, DefaultFilter, EmptyModel, TaskDefaults
from hatchet_sdk.runnables.workflow import Workflow
from hatchet_sdk.runnables.workflow_settings import declared_workflow
from hatchet_sdk.types.concurrency import ConcurrencyExpression
from hatchet_sdk.types.idempotency import IdempotencyConfig
from hatchet_sdk.types.priority import Priority
from hatchet_sdk.types.slot_types import SlotType
from hatchet_sdk.types.sticky import StickyStrategy
from hatchet_sdk.utils.typing import JSONSerializableMapping

if TYPE_CHECKING:
    from hatchet_sdk.clients.listeners.run_event_listener import RunEventListenerClient
    from hatchet_sdk.features.logs import LogsClient
    from hatchet_sdk.features.runs import RunsClient
    from hatchet_sdk.features.workers import WorkersClient
    from hatchet_sdk.features.workflows import WorkflowsClient
    from hatchet_sdk.worker.worker import Worker

TWorkflowInput = TypeVar("TWorkflowInput")
Concurrency = int | ConcurrencyExpression | list[ConcurrencyExpression] | None


class Hatchet(BatchDeclarations):
    """Declares tasks and workflows, starts and inspects runs, makes workers. One for each application.

    Nothing is sent when it is made; the first call that needs the engine connects.

    Args:
        debug: deprecated; use `ClientConfig.debug`.
        client: deprecated; use `config`.
        config: settings; None: from the environment (HATCHET_CLIENT_*) and dotenv files.

    Raises:
        ValueError: there is no token, or it is not a JWT.
    """

    def __init__(
        self, debug: bool | None = None, client: Client | None = None, config: ClientConfig | None = None
    ) -> None:
        if debug is not None:
            warn_deprecated("Hatchet(debug=...)", "ClientConfig(debug=...)")
        if client is not None:
            warn_deprecated("Hatchet(client=...)", "Hatchet(config=...)")
        self._client = client if client is not None else Client(config)
        if debug:
            logger.setLevel(logging.DEBUG)

    @property
    def config(self) -> ClientConfig:
        """The settings in use."""
        return self._client.config

    @property
    def tenant_id(self) -> str:
        """The tenant of the token."""
        return self._client.config.tenant_id

    @property
    def namespace(self) -> str:
        """The prefix of all names, with its `_`; empty if there is none."""
        return self._client.config.namespace

    @property
    def runs(self) -> "RunsClient":
        """Inspecting, cancelling and replaying runs."""
        return self._client.runs

    @property
    def workers(self) -> "WorkersClient":
        """The workers of the tenant."""
        return self._client.workers

    @property
    def workflows(self) -> "WorkflowsClient":
        """The registered workflows."""
        return self._client.workflows

    @property
    def logs(self) -> "LogsClient":
        """The logs of task runs."""
        return self._client.logs

    @cached_property
    def listener(self) -> "RunEventListenerClient":
        """Live events of runs, as the first SDK versions offered them."""
        from hatchet_sdk.clients.listeners.run_event_listener import RunEventListenerClient

        return RunEventListenerClient(self._client)

    @property
    def current_context(self) -> Context | None:
        """The context of the running task; None outside a task."""
        return ctx_hatchet_context.get()

    def get_current_context(self) -> Context | None:
        """Deprecated: `current_context`."""
        warn_deprecated("get_current_context()", "current_context")
        return self.current_context

    async def aio_get_engine_version(self) -> str | None:
        """The version that the engine reports; None if it is too old to say."""
        return await self._client.connection.engine_version()

    def worker(
        self,
        name: str,
        slots: int | None = None,
        durable_slots: int | None = None,
        labels: dict[str, str | int] | None = None,
        workflows: list[BaseWorkflow[Any]] | None = None,
        lifespan: Callable[[], AsyncGenerator[Any, Any]] | None = None,
        *,
        processes: int = 0,
    ) -> "Worker":
        """Make a worker; `start()` runs it.

        Args:
            name: shown in the dashboard; several processes may use the same.
            slots: how many runs it executes at once; default 100.
            durable_slots: how many durable runs it holds at once; default 1,000.
            labels: what tasks can ask for with `desired_worker_labels`.
            workflows: what it executes: tasks and workflows.
            lifespan: an async generator function with one `yield`: what comes before runs at the start, what comes
                after at the end; the yielded value is `ctx.lifespan`.
            processes: run sync tasks in so many processes of their own, which can be killed, instead of threads.

        Raises:
            TypeError: an element of `workflows` is neither a task nor a workflow.
        """
        from hatchet_sdk.worker.worker import Worker

        given = {SlotType.DEFAULT.value: slots, SlotType.DURABLE.value: durable_slots}
        return Worker(
            name=name,
            config=self.config,
            slot_config={kind: units for kind, units in given.items() if units is not None},
            labels=labels,
            workflows=workflows,
            lifespan=lifespan,
            processes=processes,
            client=self._client,
        )

    @overload
    def workflow(
        self,
        *,
        name: str,
        description: str | None = None,
        input_validator: None = None,
        on_events: list[str] | None = None,
        on_crons: list[str] | None = None,
        cron_input: EmptyModel | None = None,
        version: str | None = None,
        sticky: StickyStrategy | None = None,
        default_priority: int | Priority = DEFAULT_PRIORITY,
        concurrency: Concurrency = None,
        task_defaults: TaskDefaults = NO_DEFAULTS,
        default_filters: list[DefaultFilter] | None = None,
        default_additional_metadata: JSONSerializableMapping | None = None,
        idempotency: IdempotencyConfig | None = None,
    ) -> Workflow[EmptyModel]: ...
    @overload
    def workflow(
        self,
        *,
        name: str,
        description: str | None = None,
        input_validator: type[TWorkflowInput],
        on_events: list[str] | None = None,
        on_crons: list[str] | None = None,
        cron_input: TWorkflowInput | None = None,
        version: str | None = None,
        sticky: StickyStrategy | None = None,
        default_priority: int | Priority = DEFAULT_PRIORITY,
        concurrency: Concurrency = None,
        task_defaults: TaskDefaults = NO_DEFAULTS,
        default_filters: list[DefaultFilter] | None = None,
        default_additional_metadata: JSONSerializableMapping | None = None,
        idempotency: IdempotencyConfig | None = None,
    ) -> Workflow[TWorkflowInput]: ...
    def workflow(
        self,
        *,
        name: str,
        description: str | None = None,
        input_validator: type[Any] | None = None,
        on_events: list[str] | None = None,
        on_crons: list[str] | None = None,
        cron_input: Any = None,
        version: str | None = None,
        sticky: StickyStrategy | None = None,
        default_priority: int | Priority = DEFAULT_PRIORITY,
        concurrency: Concurrency = None,
        task_defaults: TaskDefaults = NO_DEFAULTS,
        default_filters: list[DefaultFilter] | None = None,
        default_additional_metadata: JSONSerializableMapping | None = None,
        idempotency: IdempotencyConfig | None = None,
    ) -> Any:
        """Declare a workflow of several tasks; add them with `@workflow.task()`.

        Args:
            name: name without namespace.
            description: shown in the dashboard.
            input_validator: type of the input: a pydantic model, a dataclass or a dict type; None: EmptyModel.
            on_events: event keys that start a run; `*` stands for any characters.
            on_crons: cron expressions (UTC) that start a run, with 5 fields or, with seconds, 6.
            cron_input: input of those runs.
            version: free text.
            sticky: keep the tasks of a run on one worker.
            default_priority: Priority.LOW, MEDIUM or HIGH.
            concurrency: limits on runs with the same key, held by the whole run; an int limits all runs together.
            task_defaults: defaults of its tasks.
            default_filters: filters of the events that start it.
            default_additional_metadata: metadata of every run.
            idempotency: keep the same thing from being started twice.
        """
        return declared_workflow(
            self._client,
            name=name,
            description=description,
            input_validator=input_validator,
            on_events=on_events,
            on_crons=on_crons,
            cron_input=cron_input,
            version=version,
            sticky=sticky,
            default_priority=default_priority,
            concurrency=concurrency,
            task_defaults=task_defaults,
            default_filters=default_filters,
            default_additional_metadata=default_additional_metadata,
            idempotency=idempotency,
        )
