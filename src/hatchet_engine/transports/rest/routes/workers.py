"""Workers."""

from typing import Annotated

from fastapi import Query

from hatchet_engine.core.commands import PauseWorker
from hatchet_engine.store.queries import WorkerRow, newest_versions, workers_seen_since
from hatchet_engine.transports.rest.gateway import Gateway, UsesGateway
from hatchet_engine.transports.rest.models.enums import WorkerStatus
from hatchet_engine.transports.rest.models.workers import UpdateWorkerRequest, Worker, WorkerList
from hatchet_engine.transports.rest.objects import Tenant, TheWorker
from hatchet_engine.transports.rest.parameters import (
    MOST_ROWS,
    Limit,
    MetadataEntries,
    Offset,
    Parameters,
    metadata_pairs,
)
from hatchet_engine.transports.rest.routing import NOT_FOUND, api_router
from hatchet_engine.transports.rest.views import workers as view
from hatchet_engine.transports.rest.views.pages import bounded_page, cut

router = api_router("Workers")


class WorkerQuery(Parameters):
    offset: Offset = 0
    limit: Limit = MOST_ROWS
    statuses: list[WorkerStatus] | None = None
    labels: MetadataEntries | None = None
    """`key:value`; a worker must have them all."""


@router.get("/api/v1/tenants/{tenant}/worker", operation_id="worker:list")
async def list_workers(tenant: Tenant, query: Annotated[WorkerQuery, Query()], gateway: UsesGateway) -> WorkerList:
    """Workers that were heard of in the last 24 hours, newest first."""
    live = await gateway.ask(view.live_workers, tenant)
    now = await gateway.ask(lambda engine: engine.now())
    stored = await gateway.read(workers_seen_since, tenant, now - view.LISTED_FOR)
    known = {row.id: view.stored_worker(row) for row in stored if row.id not in live}
    known |= {id: worker for id, worker in live.items() if worker.last_seen >= now - view.LISTED_FOR}
    labels = metadata_pairs(query.labels or ())
    found = [
        worker
        for worker in known.values()
        if (not query.statuses or view.status_of(worker, now) in query.statuses)
        and all(key in worker.labels and view.label_text(worker.labels[key]) == value for key, value in labels)
    ]
    found.sort(key=lambda worker: (worker.registered_at, worker.id), reverse=True)
    limit = min(query.limit, MOST_ROWS)
    return WorkerList(
        pagination=bounded_page(query.offset, limit, len(found)),
        rows=[view.worker_view(worker, now) for worker in cut(found, query.offset, limit)],
    )


@router.get("/api/v1/workers/{worker}", operation_id="worker:get", responses=NOT_FOUND)
async def get_worker(worker: TheWorker, gateway: UsesGateway) -> Worker:
    """A worker with what it runs at this moment."""
    return await _detailed(worker, gateway)


@router.patch("/api/v1/workers/{worker}", operation_id="worker:update", responses=NOT_FOUND)
async def update_worker(worker: TheWorker, request: UpdateWorkerRequest, gateway: UsesGateway) -> Worker:
    """Pause or unpause a worker: a paused one finishes what it runs and gets nothing new."""
    if request.is_paused is not None:
        await gateway.execute(worker.tenant_id, PauseWorker(worker.id, request.is_paused))
    return await _detailed(worker, gateway)


async def _detailed(row: WorkerRow, gateway: Gateway) -> Worker:
    live = await gateway.ask(view.live_worker, row.tenant_id, row.id)
    now = await gateway.ask(lambda engine: engine.now())
    workflows = await gateway.read(newest_versions, row.tenant_id)
    return view.detailed_worker(live or view.stored_worker(row), now, workflows)
