"""Step 3: task definitions."""

from datetime import UTC, datetime
from decimal import Decimal
from types import ModuleType

import pytest

from hatchet_sdk import EmptyModel, FailedTaskRunExceptionGroup
from tests.guide.project import worker
from tests.support.project import Project
from tests.support.waiting import aio_eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def tasks(project: Project) -> ModuleType:
    names = ("process_image", "cleanup", "count_filters", "show_context", "double", "unserializable")
    project.write({"all_tasks.py": worker("all-tasks", 10, *names)})
    project.start_worker("all_tasks.py")
    return project.load("tasks")


async def test_the_input_reaches_the_body_as_the_model(tasks: ModuleType) -> None:
    result = await tasks.process_image.aio_run(
        tasks.ImageInput(image_url="https://example.com/photo.png", filters=["thumbnail"])
    )

    assert isinstance(result, tasks.ImageOutput)
    assert result.processed_url == "https://cdn.example.com/photo.png"


async def test_an_input_that_does_not_fit_the_model_fails_the_run(tasks: ModuleType) -> None:
    run = await tasks.hatchet.runs.aio_create(tasks.process_image.name, {"image_url": 1, "filters": "blur"})

    with pytest.raises(FailedTaskRunExceptionGroup) as failed:
        await tasks.process_image.aio_get_result(run.run.metadata.id)

    assert [error.exc_type for error in failed.value.exceptions] == ["ValidationError"]


async def test_a_model_that_does_not_fit_never_leaves_the_caller(tasks: ModuleType) -> None:
    with pytest.raises(ValueError, match="filters"):
        tasks.ImageInput(image_url="https://example.com/photo.png", filters=3)


async def test_a_task_without_input_takes_an_empty_model(tasks: ModuleType) -> None:
    assert await tasks.cleanup.aio_run(EmptyModel()) == {"removed": 3}
    assert await tasks.cleanup.aio_run() == {"removed": 3}


async def test_a_sync_task_returns_a_dict(tasks: ModuleType) -> None:
    assert not tasks.count_filters.is_async_function

    assert await tasks.count_filters.aio_run(tasks.ImageInput(image_url="", filters=["a", "b"])) == {"filters": 2}


async def test_the_context_tells_about_the_run(tasks: ModuleType) -> None:
    ref = await tasks.show_context.aio_run(additional_metadata={"customer": "acme"}, wait_for_result=False)

    assert await ref.aio_result() == {"run": ref.workflow_run_id, "retry_count": 0, "customer": "acme"}


async def test_what_the_task_logs_is_kept_with_the_run(tasks: ModuleType) -> None:
    ref = await tasks.show_context.aio_run(additional_metadata={"customer": "acme"}, wait_for_result=False)
    await ref.aio_result()

    async def messages() -> list[str]:
        return [line.message for line in (await tasks.hatchet.logs.aio_list(ref.workflow_run_id)).rows or []]

    assert await aio_eventually(messages) == ["looking at the context"]


async def test_values_travel_through_the_json_mode_of_pydantic(tasks: ModuleType) -> None:
    due = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)

    result = await tasks.double.aio_run(tasks.Invoice(due=due, total=Decimal("19.90")))

    assert (result.due, result.total) == (due, Decimal("39.80"))


async def test_an_output_that_is_not_json_fails_the_run_and_says_why(tasks: ModuleType) -> None:
    with pytest.raises(FailedTaskRunExceptionGroup) as failed:
        await tasks.unserializable.aio_run()

    assert [error.exc_type for error in failed.value.exceptions] == ["IllegalTaskOutputError"]
