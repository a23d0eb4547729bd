"""How many runs of each kind a worker executes at once."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hatchet_sdk.types.slot_types import SlotType

if TYPE_CHECKING:
    from hatchet_sdk.runnables.declaration import BaseWorkflow

DEFAULT_SLOTS = 100
DEFAULT_DURABLE_SLOTS = 1000


def resolve_worker_slot_config(
    slot_config: Mapping[SlotType | str, int] | None,
    slots: int | None,
    durable_slots: int | None,
    workflows: "Sequence[BaseWorkflow[Any]] | None",
) -> dict[SlotType | str, int]:
    """The slot pools of a worker.

    Args:
        slot_config: pools by name; what is named there wins.
        slots: units of the default pool; default 100 if a task needs it, or if there are no tasks.
        durable_slots: units of the durable pool; default 1,000 if a task needs it.
        workflows: what the worker executes.

    Raises:
        ValueError: a task needs a pool that the worker does not have.
    """
    needed = {kind for workflow in workflows or () for task in workflow.tasks for kind in task.slot_requests}
    pools: dict[SlotType | str, int] = {}
    if slots is not None or SlotType.DEFAULT.value in needed or not needed:
        pools[SlotType.DEFAULT.value] = DEFAULT_SLOTS if slots is None else slots
    if durable_slots is not None or SlotType.DURABLE.value in needed:
        pools[SlotType.DURABLE.value] = DEFAULT_DURABLE_SLOTS if durable_slots is None else durable_slots
    for kind, units in (slot_config or {}).items():
        pools[kind.value if isinstance(kind, SlotType) else kind] = units
    missing = needed - pools.keys()
    if missing:
        raise ValueError(f"tasks of this worker need slot types that it does not have: {', '.join(sorted(missing))}")
    return pools
