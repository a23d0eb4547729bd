"""Blocking and async methods are the same methods."""

import asyncio
import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from hatchet_sdk import Context, DurableContext, Hatchet, TaskRunRef, WorkflowRunRef
from hatchet_sdk.features.logs import LogsClient
from hatchet_sdk.features.runs import RunsClient
from hatchet_sdk.features.workers import WorkersClient
from hatchet_sdk.features.workflows import WorkflowsClient
from hatchet_sdk.runnables.task import Task
from hatchet_sdk.runnables.twins import Steps, aio_twin, blocking_twin
from hatchet_sdk.runnables.workflow import BaseWorkflow, Standalone, Workflow
from tests.sdk_api.fakes import FakeConnection

CLASSES = [
    BaseWorkflow,
    Context,
    DurableContext,
    LogsClient,
    RunsClient,
    Standalone,
    Task,
    TaskRunRef,
    Workflow,
    WorkersClient,
    WorkflowRunRef,
    WorkflowsClient,
]
ASYNC_ONLY = {
    "aio_wait_for",
    "aio_sleep_for",
    "aio_sleep_until",
    "aio_wait_for_event",
    "aio_now",
}
"""Methods of DurableContext that are published in the async form only."""


def pairs() -> Iterator[tuple[str, Any, Any]]:
    for kind in CLASSES:
        for name, member in inspect.getmembers(kind, inspect.isfunction):
            if name.startswith("aio_") and name not in ASYNC_ONLY:
                yield f"{kind.__name__}.{name}", member, getattr(kind, name.removeprefix("aio_"), None)


@pytest.mark.parametrize(("name", "aio", "sync"), [pytest.param(*pair, id=pair[0]) for pair in pairs()])
def test_each_async_method_has_a_blocking_twin_with_the_same_parameters(name: str, aio: Any, sync: Any) -> None:
    assert inspect.iscoroutinefunction(aio)
    assert sync is not None
    assert not inspect.iscoroutinefunction(sync)
    assert str(inspect.signature(aio)) == str(inspect.signature(sync))
    assert sync.__name__ == aio.__name__.removeprefix("aio_")
    assert aio.__doc__


def test_the_pairs_are_many() -> None:
    assert len(list(pairs())) > 50
    assert not hasattr(Hatchet, "get_engine_version")  # published in the async form only


class Counter:
    """Two answers are awaited; between them code runs."""

    def __init__(self, connection: FakeConnection) -> None:
        self._connection: Any = connection
        self.closed = False

    def _count(self, start: int, *, fail_at: int | None = None) -> Steps[int]:
        """Counts."""
        total = start
        try:
            for number in range(3):
                total += yield self._answer(number, fail_at)
        except LookupError:
            total = -1
            total += yield self._answer(0, None)
        finally:
            self.closed = True
        return total

    async def _answer(self, number: int, fail_at: int | None) -> int:
        if number == fail_at:
            raise LookupError(number)
        if fail_at == -1:
            raise OSError(number)
        await asyncio.sleep(0)
        return number

    aio_count = aio_twin(_count)
    count = blocking_twin(_count)


@pytest.mark.parametrize(("fail_at", "expected"), [(None, 13), (0, -1), (2, -1)])
async def test_answers_and_errors_reach_the_body(
    connection: FakeConnection, fail_at: int | None, expected: int
) -> None:
    counter = Counter(connection)
    assert counter.count(10, fail_at=fail_at) == expected
    assert await counter.aio_count(10, fail_at=fail_at) == expected


async def test_an_error_that_the_body_does_not_know_gets_out(connection: FakeConnection) -> None:
    for use in ("blocking", "async"):
        counter = Counter(connection)
        with pytest.raises(OSError, match="0"):
            if use == "async":
                await counter.aio_count(1, fail_at=-1)
            else:
                counter.count(1, fail_at=-1)
        assert counter.closed


async def test_cancelling_the_caller_ends_the_body(connection: FakeConnection) -> None:
    counter = Counter(connection)
    task = asyncio.create_task(counter.aio_count(1))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert counter.closed


def test_names_and_documentation() -> None:
    assert Counter.aio_count.__qualname__ == "Counter.aio_count"
    assert Counter.count.__qualname__ == "Counter.count"
    assert Counter.count.__doc__ == Counter.aio_count.__doc__ == "Counts."
