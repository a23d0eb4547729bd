"""What the running task is: the base of parent/child links and log attribution.

One context variable holds the task's context; the others are views of it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from hatchet_sdk.runnables.action import ActionKey

if TYPE_CHECKING:
    from hatchet_sdk.context.context import Context

T = TypeVar("T")

ctx_hatchet_context: ContextVar["Context | None"] = ContextVar("ctx_hatchet_context", default=None)


class _View(Generic[T]):
    """Reads one fact of the running task; None outside a task."""

    def __init__(self, read: "Callable[[Context], T]") -> None:
        self._read = read

    def get(self) -> T | None:
        context = ctx_hatchet_context.get()
        return None if context is None else self._read(context)


class SpawnIndices(Mapping[ActionKey, int]):
    """How many children the running attempt has spawned, by its action key. Other attempts count as 0."""

    def __getitem__(self, key: ActionKey) -> int:
        context = ctx_hatchet_context.get()
        return context.spawned_children if context is not None and context.action_key == key else 0

    def __iter__(self) -> Iterator[ActionKey]:
        key = ctx_action_key.get()
        return iter(() if key is None else (key,))

    def __len__(self) -> int:
        return 0 if ctx_hatchet_context.get() is None else 1


ctx_workflow_run_id: Final = _View[str](lambda context: context.workflow_run_id)
ctx_action_key: Final = _View[ActionKey](lambda context: context.action_key)
ctx_step_run_id: Final = _View[str](lambda context: context.task_run_id)
ctx_worker_id: Final = _View[str](lambda context: context.worker_id)
ctx_additional_metadata: Final = _View[Mapping[str, Any]](lambda context: context.additional_metadata)
ctx_task_retry_count: Final = _View[int](lambda context: context.retry_count)
workflow_spawn_indices: Final = SpawnIndices()
