"""Step 6: timeouts."""

from datetime import timedelta
from types import ModuleType

import pytest

from hatchet_sdk import FailedTaskRunExceptionGroup
from hatchet_sdk.clients.rest.models.v1_task_event_type import V1TaskEventType
from hatchet_sdk.clients.rest.models.v1_task_status import V1TaskStatus
from tests.guide.project import worker
from tests.support.project import Project
from tests.support.waiting import aio_eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def tasks(project: Project) -> ModuleType:
    project.write({"slow_worker.py": worker("slow", 10, "long_task", "too_slow", "needs_longer")})
    project.write({"urgent_worker.py": worker("urgent", 10, "urgent_or_never")})
    project.register("urgent_worker.py")
    project.start_worker("slow_worker.py")
    return project.load("tasks")


async def event_types(tasks: ModuleType, run_id: str) -> list[V1TaskEventType]:
    return [event.event_type for event in (await tasks.hatchet.runs.aio_get(run_id)).task_events]


async def test_the_printed_task_runs_within_its_limit(tasks: ModuleType) -> None:
    await tasks.long_task.aio_run()

    assert tasks.long_task.tasks[0].execution_timeout == timedelta(seconds=30)


async def test_a_body_that_takes_too_long_fails_and_is_retried(tasks: ModuleType) -> None:
    ref = await tasks.too_slow.aio_run(wait_for_result=False)

    with pytest.raises(FailedTaskRunExceptionGroup, match="timeout"):
        await ref.aio_result()

    kinds = await event_types(tasks, ref.workflow_run_id)
    assert (kinds.count(V1TaskEventType.TIMED_OUT), kinds.count(V1TaskEventType.RETRYING)) == (2, 1)


async def test_a_body_can_ask_for_more_time(tasks: ModuleType) -> None:
    assert await tasks.needs_longer.aio_run() == {"status": "done"}


async def test_a_run_that_waits_too_long_for_a_worker_is_cancelled(tasks: ModuleType) -> None:
    """The worker that registered this task is gone."""
    ref = await tasks.urgent_or_never.aio_run(wait_for_result=False)

    async def cancelled() -> bool:
        return bool(await tasks.hatchet.runs.aio_get_status(ref.workflow_run_id) == V1TaskStatus.CANCELLED)

    await aio_eventually(cancelled, within_s=10)
    assert V1TaskEventType.SCHEDULING_TIMED_OUT in await event_types(tasks, ref.workflow_run_id)


async def test_there_is_always_a_limit(tasks: ModuleType) -> None:
    task = tasks.process_image.tasks[0]

    assert (task.execution_timeout, task.schedule_timeout) == (timedelta(seconds=60), timedelta(minutes=5))
