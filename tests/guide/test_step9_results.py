"""Step 9: results, states and history instead of a result backend and Flower."""

from types import ModuleType
from typing import Any

import pytest

from hatchet_sdk import FailedTaskRunExceptionGroup
from hatchet_sdk.clients.rest.models.v1_task_event_type import V1TaskEventType
from hatchet_sdk.clients.rest.models.v1_task_status import V1TaskStatus
from tests.guide.project import snippet, worker
from tests.support.project import Project, run
from tests.support.waiting import aio_eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
URL = "https://cdn.example.com/photo.png"


@pytest.fixture(scope="module")
def tasks(project: Project) -> ModuleType:
    project.write({"two_tasks.py": worker("results", 1, "process_image", "post_order")})
    project.start_worker("two_tasks.py")
    return project.load("tasks")


@pytest.fixture
async def defined(tasks: ModuleType, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    names = await run(snippet("step9_results"), dict(vars(tasks)), "step9_results")
    first, status, last = capsys.readouterr().out.splitlines()
    assert (first, last) == (URL, URL)
    assert status.removeprefix("V1TaskStatus.") in {"QUEUED", "RUNNING", "COMPLETED"}
    return names


async def test_the_calls_as_printed(defined: dict[str, Any]) -> None:
    assert defined["result"].processed_url == URL
    assert isinstance(defined["status"], V1TaskStatus)


async def test_a_stored_id_gives_status_and_result_in_another_process(
    defined: dict[str, Any], project: Project
) -> None:
    script = (
        "import sys\nfrom client import hatchet\n"
        "print(hatchet.runs.get_status(sys.argv[1]).value)\n"
        "print(hatchet.runs.get_run_ref(sys.argv[1]).result())\n"
    )
    project.write({"later.py": script})
    later = project.process("later.py", defined["run_id"])
    later.start()

    await aio_eventually(lambda: later.status is not None, within_s=20)

    status, result = later.output.read_text().splitlines()
    assert status == "COMPLETED", later.last_words()
    assert URL in result


async def test_the_states_of_a_run(tasks: ModuleType, project: Project) -> None:
    """One slot: the second run waits until the first is done."""
    held = tasks.ImageInput(image_url="https://example.com/photo.png", filters=["hold"])
    first = await tasks.process_image.aio_run(held, wait_for_result=False)
    second = await tasks.process_image.aio_run(held, wait_for_result=False)

    async def status(run_id: str) -> V1TaskStatus:
        found = await tasks.hatchet.runs.aio_get_status(run_id)
        assert isinstance(found, V1TaskStatus)
        return found

    async def first_runs() -> bool:
        return await status(first.workflow_run_id) == V1TaskStatus.RUNNING

    await aio_eventually(first_runs)
    assert await status(second.workflow_run_id) == V1TaskStatus.QUEUED
    project.write({"open": ""})
    await second.aio_result()
    assert await status(second.workflow_run_id) == V1TaskStatus.COMPLETED

    failing = await tasks.post_order.aio_run(tasks.OrderInput(order_id="bad-status"), wait_for_result=False)
    with pytest.raises(FailedTaskRunExceptionGroup):
        await failing.aio_result()
    assert await status(failing.workflow_run_id) == V1TaskStatus.FAILED


async def test_the_history_has_timing_and_the_way_of_the_run(defined: dict[str, Any], tasks: ModuleType) -> None:
    details = await tasks.hatchet.runs.aio_get(defined["run_id"])

    assert details.run.started_at is not None
    assert details.run.finished_at is not None
    assert details.run.started_at <= details.run.finished_at
    kinds = {event.event_type for event in details.task_events}
    assert {V1TaskEventType.QUEUED, V1TaskEventType.STARTED, V1TaskEventType.FINISHED} <= kinds
    assert details.run.output == {"processed_url": URL}
