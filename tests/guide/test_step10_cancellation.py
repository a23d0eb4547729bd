"""Step 10: cancellation."""

from types import ModuleType

import pytest

from hatchet_sdk.clients.rest.models.v1_task_status import V1TaskStatus
from tests.guide.project import snippet, worker
from tests.support.project import Project, run
from tests.support.waiting import aio_eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def tasks(project: Project) -> ModuleType:
    project.write({"long_worker.py": worker("long", 4, "long_running")})
    project.register("worker.py")
    return project.load("tasks")


async def test_a_queued_run_is_cancelled_by_its_id_and_never_starts(tasks: ModuleType, project: Project) -> None:
    defined = await run(snippet("step10_cancel"), dict(vars(tasks)), "step10_cancel")

    run_id = defined["ref"].workflow_run_id
    assert await tasks.hatchet.runs.aio_get_status(run_id) == V1TaskStatus.CANCELLED

    later = await tasks.process_image.aio_run(
        tasks.ImageInput(image_url="https://example.com/photo.png", filters=["sepia"]), wait_for_result=False
    )
    project.start_worker("worker.py")
    await later.aio_result()
    assert (project.folder / "resized").read_text().splitlines() == ["sepia"]


async def test_a_running_body_sees_the_flag_and_stops(tasks: ModuleType, project: Project) -> None:
    project.start_worker("long_worker.py")
    ref = await tasks.long_running.aio_run(wait_for_result=False)
    batches = project.folder / "batches"
    await aio_eventually(batches.exists, within_s=20)

    await tasks.hatchet.runs.aio_cancel(ref.workflow_run_id)

    assert await tasks.hatchet.runs.aio_get_status(ref.workflow_run_id) == V1TaskStatus.CANCELLED
    seen: list[int] = []

    def no_more_batches() -> bool:
        seen.append(batches.read_text().count("\n"))
        return seen[-1] < 1000 and len(seen) > 20 and seen[-20:] == [seen[-1]] * 20

    await aio_eventually(no_more_batches, within_s=10)


async def test_what_a_cancelled_body_returns_does_not_count(tasks: ModuleType) -> None:
    ref = await tasks.long_running.aio_run(wait_for_result=False)
    await tasks.hatchet.runs.aio_cancel(ref.workflow_run_id)

    details = await tasks.hatchet.runs.aio_get(ref.workflow_run_id)

    assert details.run.status == V1TaskStatus.CANCELLED
    assert not details.run.output
