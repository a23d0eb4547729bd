"""Step 10: priority."""

from types import ModuleType

import pytest

from hatchet_sdk import Priority
from tests.guide.project import snippet, worker
from tests.support.project import Project, run

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def tasks(project: Project) -> ModuleType:
    project.write({"one_slot.py": worker("one-slot", 1, "process_image")})
    project.register("one_slot.py")
    return project.load("tasks")


async def test_runs_of_higher_priority_start_first(tasks: ModuleType, project: Project) -> None:
    """Everything waits before a worker with one slot comes; the printed call is made last."""

    def image(what: str) -> object:
        return tasks.ImageInput(image_url="https://example.com/photo.png", filters=[what])

    refs = [
        await tasks.process_image.aio_run(image(what), wait_for_result=False, priority=priority)
        for what, priority in (
            ("low-1", Priority.LOW),
            ("none", None),
            ("medium", Priority.MEDIUM),
            ("low-2", Priority.LOW),
        )
    ]
    refs.append((await run(snippet("step10_priority"), dict(vars(tasks)), "step10_priority"))["ref"])

    project.start_worker("one_slot.py")
    for ref in refs:
        await ref.aio_result()

    order = (project.folder / "resized").read_text().splitlines()
    assert order == ["blur", "medium", "low-1", "none", "low-2"], "a run without a priority has the task's, LOW"


async def test_a_task_has_a_priority_of_its_own(tasks: ModuleType, project: Project) -> None:
    project.write({"doctor.py": worker("doctor", 1, "page_the_doctor")})
    project.start_worker("doctor.py")

    assert await tasks.page_the_doctor.aio_run() == {"priority": Priority.HIGH}
    assert await tasks.page_the_doctor.aio_run(priority=Priority.LOW) == {"priority": Priority.LOW}
