"""Step 6: retries."""

from datetime import timedelta
from types import ModuleType

import pytest

from hatchet_sdk import Context, FailedTaskRunExceptionGroup
from hatchet_sdk.clients.rest.models.v1_task_event import V1TaskEvent
from hatchet_sdk.clients.rest.models.v1_task_event_type import V1TaskEventType
from tests.guide.project import worker
from tests.support.project import Project

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def tasks(project: Project) -> ModuleType:
    project.write({"api_worker.py": worker("api", 10, "call_api", "post_order")})
    project.start_worker("api_worker.py")
    return project.load("tasks")


def calls(project: Project, order_id: str) -> int:
    return len((project.folder / order_id).read_text().splitlines())


async def events(tasks: ModuleType, run_id: str, kind: V1TaskEventType) -> list[V1TaskEvent]:
    details = await tasks.hatchet.runs.aio_get(run_id)
    return sorted(
        (event for event in details.task_events if event.event_type == kind), key=lambda event: event.timestamp
    )


async def test_a_failure_is_retried_with_backoff_and_the_attempts_are_recorded(
    tasks: ModuleType, project: Project
) -> None:
    ref = await tasks.call_api.aio_run(tasks.OrderInput(order_id="flaky-2"), wait_for_result=False)

    assert await ref.aio_result() == {"order": "flaky-2"}

    assert calls(project, "flaky-2") == 3
    assert len(await events(tasks, ref.workflow_run_id, V1TaskEventType.RETRYING)) == 2
    failed = await events(tasks, ref.workflow_run_id, V1TaskEventType.FAILED)
    begun = await events(tasks, ref.workflow_run_id, V1TaskEventType.STARTED)
    pauses = [start.timestamp - end.timestamp for end, start in zip(failed, begun[1:], strict=True)]
    assert timedelta(seconds=1.9) < pauses[0] < timedelta(seconds=3.5), "backoff_factor 2: 2 s before the first retry"
    assert timedelta(seconds=3.9) < pauses[1] < timedelta(seconds=5.5), "and 4 s before the second"


async def test_a_permanent_failure_is_not_retried(tasks: ModuleType, project: Project) -> None:
    with pytest.raises(FailedTaskRunExceptionGroup) as failed:
        await tasks.post_order.aio_run(tasks.OrderInput(order_id="bad-order"))

    assert calls(project, "bad-order") == 1
    assert [(error.exc_type, error.exc) for error in failed.value.exceptions] == [
        ("NonRetryableException", "Bad request: do not retry")
    ]


async def test_the_same_task_goes_on_when_nothing_is_wrong(tasks: ModuleType) -> None:
    assert await tasks.post_order.aio_run(tasks.OrderInput(order_id="good-order")) == {"status": "200"}


async def test_there_is_no_retry_inside_the_body() -> None:
    assert not hasattr(Context, "retry")
