"""How many task runs a worker executes at once."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hatchet_sdk.runnables.declaration import BaseWorkflow
    from hatchet_sdk.types.slot_types import SlotType

DEFAULT_SLOTS = 100
DEFAULT_DURABLE_SLOTS = 1_000


def resolve_worker_slot_config(
    slot_config: "Mapping[SlotType | str, int] | None",
    slots: int | None,
    durable_slots: int | None,
    workflows: "Iterable[BaseWorkflow[Any]] | None",
) -> "dict[SlotType | str, int]":
    """The slot pools of a worker.

    Args:
        slot_config: pools that are given by name; they win.
        slots: runs of ordinary tasks at once; None: 100 if there are such tasks, or no tasks at all.
        durable_slots: durable runs held at once; None: 1,000 if there are durable tasks.
        workflows: what the worker executes.

    Raises:
        ValueError: a pool that a task needs is missing, or a number of slots is not positive.
    """
    needed = {kind for workflow in workflows or () for task in workflow.tasks for kind in task.slot_requests}
    pools = {_name(kind): units for kind, units in (slot_config or {}).items()}
    if "default" not in pools and (slots is not None or "default" in needed or not needed):
        pools["default"] = DEFAULT_SLOTS if slots is None else slots
    if "durable" not in pools and (durable_slots is not None or "durable" in needed):
        pools["durable"] = DEFAULT_DURABLE_SLOTS if durable_slots is None else durable_slots
    missing = sorted(needed - pools.keys())
    if missing:
        raise ValueError(f"the worker has no slots of type {', '.join(missing)}, which its tasks need")
    wrong = {kind: units for kind, units in pools.items() if units < 1}
    if wrong:
        raise ValueError(f"numbers of slots must be 1 or more, not {wrong}")
    return dict(pools)


def _name(kind: "SlotType | str") -> str:
    return kind if type(kind) is str else str(getattr(kind, "value", kind))
