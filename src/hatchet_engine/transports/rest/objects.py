"""The object that a path names: looked up first, then its tenant is compared with the caller's."""

from collections.abc import Awaitable
from typing import Annotated, Protocol, TypeVar

from fastapi import Depends

from hatchet_engine.store.queries import (
    RunPage,
    TaskRow,
    WorkerRow,
    WorkflowRow,
    find_task,
    find_worker,
    find_workflow,
    run_page,
)
from hatchet_engine.transports.rest.auth import Caller
from hatchet_engine.transports.rest.errors import FORBIDDEN, Refused
from hatchet_engine.transports.rest.gateway import UsesGateway
from hatchet_engine.transports.rest.parameters import Uuid


class Owned(Protocol):
    @property
    def tenant_id(self) -> str: ...


Found = TypeVar("Found", bound=Owned)


async def own(caller: Caller, kind: str, lookup: Awaitable[Found | None]) -> Found:
    """The object that was looked up.

    Raises:
        Refused: 404 if there is none, 403 if it belongs to another tenant.
    """
    found = await lookup
    if found is None:
        raise Refused(404, f"{kind} not found")
    if found.tenant_id != caller.tenant_id:
        raise Refused(403, FORBIDDEN)
    return found


def tenant_in_path(tenant: Uuid, caller: Caller) -> str:
    if tenant != caller.tenant_id:
        raise Refused(403, FORBIDDEN)
    return tenant


async def task_in_path(task: Uuid, caller: Caller, gateway: UsesGateway) -> TaskRow:
    return await own(caller, "task", gateway.read(find_task, task))


async def run_in_path(v1_workflow_run: Uuid, caller: Caller, gateway: UsesGateway) -> TaskRow:
    return await own(caller, "workflow run", gateway.read(find_task, v1_workflow_run))


async def worker_in_path(worker: Uuid, caller: Caller, gateway: UsesGateway) -> WorkerRow:
    return await own(caller, "worker", gateway.read(find_worker, worker))


async def workflow_in_path(workflow: Uuid, caller: Caller, gateway: UsesGateway) -> WorkflowRow:
    return await own(caller, "workflow", gateway.read(find_workflow, workflow))


async def run_page_in_path(v1_workflow_run: Uuid, caller: Caller, gateway: UsesGateway) -> RunPage:
    return await own(caller, "workflow run", gateway.read(run_page, v1_workflow_run))


Tenant = Annotated[str, Depends(tenant_in_path)]
TheTask = Annotated[TaskRow, Depends(task_in_path)]
TheRun = Annotated[TaskRow, Depends(run_in_path)]
TheRunPage = Annotated[RunPage, Depends(run_page_in_path)]
TheWorker = Annotated[WorkerRow, Depends(worker_in_path)]
TheWorkflow = Annotated[WorkflowRow, Depends(workflow_in_path)]
