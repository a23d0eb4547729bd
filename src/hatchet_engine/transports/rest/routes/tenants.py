"""The tenant and how much waits and runs in it."""

import re
from collections.abc import Sequence
from typing import Annotated

from fastapi import Query

from hatchet_engine.store.queries import LiveCount, find_tenant, live_counts
from hatchet_engine.transports.rest.errors import Refused
from hatchet_engine.transports.rest.gateway import UsesGateway
from hatchet_engine.transports.rest.models import tenants as model
from hatchet_engine.transports.rest.models.enums import TenantVersion
from hatchet_engine.transports.rest.objects import Tenant
from hatchet_engine.transports.rest.routing import NOT_FOUND, api_router
from hatchet_engine.transports.rest.views.tasks import resource

router = api_router("Tenant")


@router.get("/api/v1/tenants/{tenant}", operation_id="tenant:get", responses=NOT_FOUND)
async def get_tenant(tenant: Tenant, gateway: UsesGateway) -> model.Tenant:
    """The caller's tenant."""
    found = await gateway.read(find_tenant, tenant)
    if found is None:
        raise Refused(404, "tenant not found")
    return model.Tenant(
        metadata=resource(found.id, found.created_at),
        name=found.name,
        slug=re.sub(r"[^a-z0-9]+", "-", found.name.lower()).strip("-") or found.id,
        analytics_opt_out=True,
        alert_member_emails=False,
        version=TenantVersion.V1,
    )


@router.get("/api/v1/tenants/{tenant}/step-run-queue-metrics", operation_id="tenant:get:step-run-queue-metrics")
async def count_queued(tenant: Tenant, gateway: UsesGateway) -> model.TenantStepRunQueueMetrics:
    """How many task runs wait, by action."""
    queues: dict[str, int] = {}
    for live in await gateway.read(live_counts, tenant):
        if not live.running:
            queues[live.action] = queues.get(live.action, 0) + live.count
    return model.TenantStepRunQueueMetrics(queues=queues)


@router.get("/api/v1/tenants/{tenant}/task-stats", operation_id="tenant:get:task-stats")
async def count_live(
    tenant: Tenant,
    gateway: UsesGateway,
    task_names: Annotated[list[str] | None, Query(alias="taskNames")] = None,
) -> dict[str, model.TaskStat]:
    """How many task runs wait and run, by task name. Names of `taskNames` are there even if nothing does."""
    by_name: dict[str, list[LiveCount]] = {name: [] for names in task_names or () for name in names.split(",") if name}
    for live in await gateway.read(live_counts, tenant):
        by_name.setdefault(live.name, []).append(live)
    return {
        name: model.TaskStat(
            queued=_stat([live for live in counts if not live.running]),
            running=_stat([live for live in counts if live.running]),
        )
        for name, counts in by_name.items()
    }


def _stat(counts: Sequence[LiveCount]) -> model.TaskStatusStat:
    first_attempts = [live.oldest_first_attempt for live in counts if live.oldest_first_attempt is not None]
    return model.TaskStatusStat(
        total=sum(live.count for live in counts),
        queues={live.action: live.count for live in counts},
        # This engine does not execute workflows that limit their concurrency.
        concurrency=[],
        oldest=min((live.oldest for live in counts), default=None),
        oldest_excluding_retries=min(first_attempts, default=None),
    )
