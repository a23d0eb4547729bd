"""Step 4: calling tasks."""

import asyncio
from types import ModuleType
from typing import Any

import pytest

from hatchet_sdk import TaskRunRef
from tests.guide.project import snippet
from tests.support.project import Project, run

pytestmark = pytest.mark.asyncio(loop_scope="module")
URL = "https://cdn.example.com/photo.png"


@pytest.fixture(scope="module")
def names(project: Project) -> dict[str, Any]:
    project.start_worker("worker.py")
    return vars(project.load("tasks"))


@pytest.mark.parametrize("name", ["step4_invoke", "step4_invoke_sync"])
async def test_the_calls_as_printed(name: str, names: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    if name == "step4_invoke":
        defined = await run(snippet(name), dict(names), name)
    else:
        defined = await asyncio.to_thread(asyncio.run, run(snippet(name), dict(names), name))

    assert isinstance(defined["ref"], TaskRunRef)
    assert capsys.readouterr().out.splitlines() == [URL, defined["ref"].workflow_run_id]
    assert defined["result"].processed_url == URL


async def test_a_reference_gives_the_result_later_to_both_kinds_of_callers(names: dict[str, Any]) -> None:
    ref = (await run(snippet("step4_invoke"), dict(names), "step4_invoke"))["ref"]

    assert (await ref.aio_result()).processed_url == URL
    assert (await asyncio.to_thread(ref.result)).processed_url == URL


async def test_fire_and_forget_does_not_wait(project: Project) -> None:
    tasks: ModuleType = project.load("tasks")
    held = tasks.ImageInput(image_url="https://example.com/photo.png", filters=["hold"])

    ref = await tasks.process_image.aio_run(held, wait_for_result=False)
    waiting = asyncio.create_task(tasks.process_image.aio_run(held))

    done, _ = await asyncio.wait({waiting}, timeout=0.5)
    assert done == set(), "the default call waits for the result"
    project.write({"open": ""})
    assert (await waiting).processed_url == (await ref.aio_result()).processed_url == URL
