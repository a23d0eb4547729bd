"""Cancelling and replaying many runs, by ids or by filter (docs/wire.md C.9)."""

from collections.abc import Iterator, Sequence

from hatchet_engine.core.errors import InvalidArgument
from hatchet_engine.core.machine import TERMINAL, TaskState
from hatchet_engine.runtime.engine import Engine
from hatchet_engine.store.queries import TaskFilter, task_ids
from hatchet_engine.transports.payloads import parse_uuid
from hatchet_wire.published.v1.workflows_pb2 import CancelTasksRequest, ReplayTasksRequest, TasksFilter

MOST_CANCELLED = 20_000
MOST_REPLAYED = 1_000
_AT_ONCE = 500
"""Tasks in one command: a larger one would keep the engine from everybody else for too long."""

_STATES = {
    "QUEUED": (TaskState.QUEUED, TaskState.BACKOFF),
    "RUNNING": (TaskState.RUNNING,),
    "COMPLETED": (TaskState.COMPLETED,),
    "FAILED": (TaskState.FAILED,),
    "CANCELLED": (TaskState.CANCELLED,),
    "EVICTED": (),
}


async def ids_to_cancel(engine: Engine, tenant_id: str, request: CancelTasksRequest) -> list[str]:
    """The ids that the request names, or those of unfinished runs that its filter finds.

    Raises:
        InvalidArgument: it has both, or one that is malformed.
    """
    unfinished = [state for state in TaskState if state not in TERMINAL]
    return await _ids(engine, tenant_id, request, unfinished, MOST_CANCELLED)


async def ids_to_replay(engine: Engine, tenant_id: str, request: ReplayTasksRequest) -> list[str]:
    """The ids that the request names, or those of finished runs that its filter finds.

    Raises:
        InvalidArgument: it has both, or one that is malformed.
    """
    return await _ids(engine, tenant_id, request, sorted(TERMINAL), MOST_REPLAYED)


def portions(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """The ids of one command each."""
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]


async def _ids(
    engine: Engine,
    tenant_id: str,
    request: CancelTasksRequest | ReplayTasksRequest,
    states: Sequence[TaskState],
    most: int,
) -> list[str]:
    if not request.HasField("filter"):
        return [parse_uuid(task_id, "external_id") for task_id in request.external_ids]
    if request.external_ids:
        raise InvalidArgument("Invalid request: give either external_ids or filter, not both")
    return await engine.read(task_ids, engine.store.reader, _task_filter(tenant_id, request.filter, states), most)


def _task_filter(tenant_id: str, wanted: TasksFilter, states: Sequence[TaskState]) -> TaskFilter:
    unknown = [status for status in wanted.statuses if status not in _STATES]
    if unknown:
        raise InvalidArgument(f"Invalid request: {unknown[0][:80]!r} is not one of {', '.join(_STATES)}")
    if wanted.statuses:
        shown = {state for status in wanted.statuses for state in _STATES[status]}
        states = [state for state in states if state in shown]
    return TaskFilter(
        tenant_id=tenant_id,
        since=wanted.since.ToMicroseconds() if wanted.HasField("since") else None,
        until=wanted.until.ToMicroseconds() if wanted.HasField("until") else None,
        states=states,
        workflow_ids=[parse_uuid(id, "workflow_ids") for id in wanted.workflow_ids] or None,
        metadata=[_pair(text) for text in wanted.additional_metadata],
    )


def _pair(text: str) -> tuple[str, str]:
    key, colon, value = text.partition(":")
    if not colon or not key:
        raise InvalidArgument(f"Invalid request: additional_metadata {text[:80]!r} is not of the form key:value")
    return key, value
