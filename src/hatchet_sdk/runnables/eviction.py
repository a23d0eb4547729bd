"""When a waiting durable run may leave its worker."""

from datetime import timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict


class EvictionPolicy(BaseModel):
    """Rule for one durable task.

    Args:
        ttl: a run that has waited this long is evicted; None: never for that reason.
        allow_capacity_eviction: whether it may be evicted because the worker's durable slots are used up.
        priority: lower goes first.
    """

    model_config = ConfigDict(frozen=True)

    ttl: timedelta | None
    allow_capacity_eviction: bool = True
    priority: int = 0


DEFAULT_DURABLE_TASK_EVICTION_POLICY: Final = EvictionPolicy(
    ttl=timedelta(minutes=15), allow_capacity_eviction=True, priority=0
)
