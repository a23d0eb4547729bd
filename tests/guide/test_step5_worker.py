"""Step 5: the worker script."""

from types import ModuleType

import pytest

from hatchet_sdk.clients.rest.models.v1_task_status import V1TaskStatus
from tests.guide.project import worker as guide_worker
from tests.support.project import Project
from tests.support.waiting import aio_eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def tasks(project: Project) -> ModuleType:
    return project.load("tasks")


async def statuses(tasks: ModuleType, ids: list[str]) -> list[V1TaskStatus]:
    return sorted([await tasks.hatchet.runs.aio_get_status(run_id) for run_id in ids])


async def test_slots_are_the_capacity_and_only_registered_tasks_run(tasks: ModuleType, project: Project) -> None:
    """The script of the guide has four slots and registers `process_image` alone."""
    project.write({"everything.py": guide_worker("everything", 1, "process_image", "cleanup")})
    project.register("everything.py")
    other = await tasks.cleanup.aio_run(wait_for_result=False)
    held = tasks.ImageInput(image_url="https://example.com/photo.png", filters=["hold"])
    refs = [await tasks.process_image.aio_run(held, wait_for_result=False) for _ in range(6)]
    ids = [ref.workflow_run_id for ref in refs]
    assert await statuses(tasks, ids) == [V1TaskStatus.QUEUED] * 6

    worker = project.start_worker("worker.py")

    four_run = [*[V1TaskStatus.QUEUED] * 2, *[V1TaskStatus.RUNNING] * 4]

    async def four_bodies_run() -> bool:
        began = (project.folder / "resized").exists() and (project.folder / "resized").read_text().count("hold")
        return began == 4 and await statuses(tasks, ids) == four_run

    await aio_eventually(four_bodies_run, within_s=20)
    project.write({"open": ""})
    assert {(await ref.aio_result()).processed_url for ref in refs} == {"https://cdn.example.com/photo.png"}
    assert await tasks.hatchet.runs.aio_get_status(other.workflow_run_id) == V1TaskStatus.QUEUED
    worker.stop()
    assert worker.status == 0, "SIGTERM lets the worker end in its own time, with status 0"


async def test_a_worker_without_an_engine_address_says_what_is_missing(project: Project) -> None:
    worker = project.process("worker.py", environment={})
    worker.start()

    await aio_eventually(lambda: worker.status is not None, within_s=20)

    assert worker.status != 0
    assert "token" in worker.last_words().lower()
