"""What the feature clients return."""

from typing import Any, assert_type

from hatchet_sdk import (
    Context,
    Hatchet,
    V1TaskStatus,
    WorkerList,
    WorkflowList,
    WorkflowRunRef,
    remove_null_unicode_character,
)
from hatchet_sdk.clients.admin import WorkflowRunDetail
from hatchet_sdk.clients.rest.models import V1LogLineList, V1TaskSummary, V1TaskSummaryList, V1WorkflowRunDetails
from hatchet_sdk.worker.worker import Worker

hatchet = Hatchet()


def blocking() -> None:
    assert_type(hatchet.runs.get("1"), V1WorkflowRunDetails)
    assert_type(hatchet.runs.get_status("1"), V1TaskStatus)
    assert_type(hatchet.runs.get_details("1"), WorkflowRunDetail)
    assert_type(hatchet.runs.get_result("1"), dict[str, Any])
    assert_type(hatchet.runs.get_run_ref("1"), WorkflowRunRef)
    assert_type(hatchet.runs.list(), V1TaskSummaryList)
    assert_type(hatchet.runs.list_with_pagination(), list[V1TaskSummary])
    assert_type(hatchet.workers.list(), WorkerList)
    assert_type(hatchet.workflows.list(), WorkflowList)
    assert_type(hatchet.logs.list("1"), V1LogLineList)
    assert_type(hatchet.worker("w"), Worker)
    assert_type(hatchet.current_context, Context | None)
    assert_type(remove_null_unicode_character({"a": "b"}), dict[str, str])
    assert_type(remove_null_unicode_character("a"), str)


async def awaited() -> None:
    assert_type(await hatchet.runs.aio_get_status("1"), V1TaskStatus)
    assert_type(await hatchet.aio_get_engine_version(), str | None)
    async for chunk in hatchet.runs.subscribe_to_stream("1"):
        assert_type(chunk, str)
