"""The tenant and how much waits and runs in it."""

from pydantic import BaseModel

from hatchet_engine.transports.rest.models.enums import TenantVersion
from hatchet_engine.transports.rest.models.shape import APIResourceMeta, Shape, Time


class Tenant(Shape):
    metadata: APIResourceMeta
    name: str
    slug: str
    analytics_opt_out: bool | None = None
    alert_member_emails: bool | None = None
    version: TenantVersion


class TenantStepRunQueueMetrics(BaseModel):
    queues: dict[str, int]
    """Action id -> task runs that wait."""


class ConcurrencyStat(Shape):
    expression: str | None = None
    type: str | None = None
    keys: dict[str, int] | None = None


class TaskStatusStat(Shape):
    total: int
    queues: dict[str, int]
    """Action id -> task runs."""
    concurrency: list[ConcurrencyStat]
    oldest: Time | None = None
    oldest_excluding_retries: Time | None = None


class TaskStat(Shape):
    queued: TaskStatusStat
    running: TaskStatusStat
