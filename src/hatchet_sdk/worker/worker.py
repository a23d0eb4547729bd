"""`Worker`: what `hatchet.worker()` returns."""

import asyncio
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

import grpc

from hatchet_sdk.exceptions import LoopAlreadyRunningError
from hatchet_sdk.logger import logger
from hatchet_sdk.worker.lifespan import LifespanFn
from hatchet_sdk.worker.process_messages import ImportPath
from hatchet_sdk.worker.registry import Place, Registry
from hatchet_sdk.worker.slots import resolve_worker_slot_config

if TYPE_CHECKING:
    from hatchet_sdk.client import Client
    from hatchet_sdk.config import ClientConfig
    from hatchet_sdk.runnables.declaration import BaseWorkflow
    from hatchet_sdk.worker.life import Life
    from hatchet_wire.published.v1.workflows_pb2 import CreateWorkflowVersionRequest


class WorkerStatus(Enum):
    """Where a worker is in its life."""

    INITIALIZED = 1
    STARTING = 2
    HEALTHY = 3
    UNHEALTHY = 4


@dataclass
class WorkerStartOptions:
    """Deprecated. The worker owns its event loop.

    Args:
        loop: ignored.
    """

    loop: asyncio.AbstractEventLoop | None = field(default=None)


class Worker:
    """Executes task runs in this process. Made by `hatchet.worker()`.

    Args:
        name: shown in the worker list; gets the namespace.
        config: the client's settings.
        slot_config: slots by pool; pools that are not named get their defaults.
        labels: for affinity; merged over the preset labels of the configuration.
        debug: no effect of its own; see `ClientConfig.debug`.
        handle_kill: whether SIGTERM, SIGINT and SIGQUIT are handled.
        workflows: what it executes.
        lifespan: async generator function with one yield, for set-up and clean-up; with processes it runs in each.
        processes: run sync tasks in so many processes of their own instead of threads; 0: in threads.
        client: whose connection is used; None: one of its own.

    Raises:
        TypeError: something in `workflows` is neither a workflow nor a task.
    """

    def __init__(
        self,
        name: str,
        config: "ClientConfig",
        slot_config: Mapping[str, int],
        labels: Mapping[str, str | int] | None = None,
        debug: bool = False,
        handle_kill: bool = True,
        workflows: "list[BaseWorkflow[Any]] | None" = None,
        lifespan: LifespanFn | None = None,
        processes: int = 0,
        client: "Client | None" = None,
    ) -> None:
        if processes < 0:
            raise ValueError(f"processes must be 0 or more, not {processes}")
        self._name = config.apply_namespace(name)
        self._config = config
        self._slot_config = dict(slot_config)
        self._labels: dict[str, str | int] = {**config.worker_preset_labels, **(labels or {})}
        self._handle_kill = handle_kill
        self._lifespan = lifespan
        self._processes = processes
        self._given_client = client
        self._registry = Registry(processes)
        self._workflows: list[BaseWorkflow[Any]] = []
        self._life: Life | None = None
        self._starting = False
        self.register_workflows(workflows or [])

    @property
    def name(self) -> str:
        """Namespaced name."""
        return self._name

    @property
    def status(self) -> WorkerStatus:
        """HEALTHY while the engine is connected and the event loop answers."""
        life = self._life
        if life is None or life.station is None:
            return WorkerStatus.STARTING if self._starting else WorkerStatus.INITIALIZED
        return WorkerStatus[life.station.health().status]

    @property
    def _client(self) -> "Client":
        if self._given_client is None:
            from hatchet_sdk.client import Client

            self._given_client = self._workflows[0]._client if self._workflows else Client(self._config)
        return self._given_client

    def register_workflow(self, workflow: "BaseWorkflow[Any]") -> None:
        """Add a workflow or standalone task; it is registered with the engine by `start`.

        Raises:
            TypeError: it is neither.
        """
        from hatchet_sdk.runnables.declaration import BaseWorkflow

        if not isinstance(workflow, BaseWorkflow):
            raise TypeError(f"a worker executes workflows and tasks, not {type(workflow).__name__} objects")
        self._workflows.append(workflow)
        self._registry.add(workflow)

    def register_workflows(self, workflows: "list[BaseWorkflow[Any]]") -> None:
        """Add several.

        Raises:
            TypeError: one of them is neither a workflow nor a task.
        """
        for workflow in workflows:
            self.register_workflow(workflow)

    def register_workflow_from_opts(self, opts: "CreateWorkflowVersionRequest") -> None:
        """Register a definition with the engine now. Exits the process with status 1 if the engine refuses it."""
        connection = self._client.connection
        try:
            connection.block_on(connection.put_workflow(opts))
        except grpc.RpcError as error:
            logger.error("workflow '%s' could not be registered: %s: %s", opts.name, error.code().name, error.details())
            sys.exit(1)

    def start(self, options: WorkerStartOptions | None = None) -> None:
        """Register the workflows, connect, and execute task runs until the worker is told to leave.

        Blocks. SIGTERM or SIGINT let it finish what it runs and return; a second signal ends the process at once.

        Args:
            options: deprecated, ignored.

        Raises:
            LoopAlreadyRunningError: an event loop runs on this thread.
            ValueError: no tasks, no slots for them, or a process task that cannot be imported.
            SystemExit: status 1, the engine refused a workflow or the worker.
        """
        if options is not None and options.loop is not None:
            warnings.warn(
                "WorkerStartOptions is deprecated; the worker owns its loop", DeprecationWarning, stacklevel=2
            )
        plan_slots = self._check()
        self._starting = True
        try:
            for workflow in self._workflows:
                self.register_workflow_from_opts(workflow.to_proto())
            self._live(plan_slots)
        finally:
            self._starting = False

    def _check(self) -> dict[str, int]:
        """The slot pools; everything that can be found wrong without the engine is raised here."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            pass  # as it should be
        else:
            raise LoopAlreadyRunningError("worker.start() owns its event loop; call it outside of async functions")
        if not self._registry.actions:
            raise ValueError(f"worker '{self._name}' has no tasks; pass workflows=[...] or call register_workflow()")
        for entry in self._registry.entries:
            if entry.place is Place.PROCESS:
                ImportPath.of(entry.task._fn)
        if self._lifespan is not None and self._registry.uses(Place.PROCESS):
            ImportPath.of(self._lifespan)
        only_processes = all(entry.place is Place.PROCESS for entry in self._registry.entries)
        default = self._processes if self._processes and only_processes else None
        pools = resolve_worker_slot_config(self._slot_config, default, None, self._workflows)
        if default is not None and pools.get("default", default) > default:
            logger.warning(
                "worker '%s' has %d slots, but %d processes: runs will wait in the worker while their execution "
                "timeouts go on",
                self._name,
                pools["default"],
                default,
            )
        return {str(kind): units for kind, units in pools.items()}

    def _live(self, slots: Mapping[str, int]) -> None:
        from hatchet_sdk.worker.life import Life, Plan

        plan = Plan(
            name=self._name,
            config=self._config,
            connection=self._client.connection,
            registry=self._registry,
            slots=slots,
            labels=self._labels,
            lifespan=self._lifespan,
            processes=self._processes,
            handle_signals=self._handle_kill,
        )
        self._life = Life(plan)
        self._life.run()

    async def exit_gracefully(self) -> None:
        """Finish what runs, then leave; returns when `start` is about to return. Not for use inside a task, which
        it would wait for."""
        life = self._life
        if life is not None:
            life.drain("exit_gracefully()")
            await asyncio.wrap_future(life.over)
