"""What a client of the published SDK does and sees; prints one JSON document."""

import asyncio
import json
import sys
import time
from typing import Any

from tasks import MARKS, Numbers, add_async, add_sync, final, flaky, hatchet, hopeless, patient, slow

from hatchet_sdk.exceptions import FailedTaskRunExceptionGroup

seen: dict[str, Any] = {}


def failure(run: Any) -> list[str]:
    try:
        run()
    except FailedTaskRunExceptionGroup as group:
        return [f"{error.exc_type}: {error.exc}" for error in group.exceptions]
    return []


def blocking() -> None:
    seen["run"] = add_sync.run(Numbers(values=[1, 2, 3])).model_dump()
    many = [add_sync.create_bulk_run_item(input=Numbers(values=[n, n])) for n in range(20)]
    seen["run_many"] = [total.total for total in add_sync.run_many(many)]
    seen["hopeless"] = failure(hopeless.run)
    seen["final"] = failure(final.run)
    seen["slow"] = failure(slow.run)


async def concurrent() -> None:
    seen["aio_run"] = (await add_async.aio_run(Numbers(values=[4, 5]))).model_dump()
    many = [add_async.create_bulk_run_item(input=Numbers(values=[n])) for n in range(50)]
    seen["aio_run_many"] = [total.total for total in await add_async.aio_run_many(many)]
    seen["flaky"] = await flaky.aio_run()
    ref = await add_async.aio_run(Numbers(values=[7]), wait_for_result=False)
    seen["ref"] = (await ref.aio_result()).total
    seen["status"] = (await hatchet.runs.aio_get_status(ref.workflow_run_id)).value
    details = await hatchet.runs.aio_get(ref.workflow_run_id)
    seen["details"] = [details.run.status.value, [event.event_type.value for event in details.task_events]]
    seen["logs"] = await logged(ref.workflow_run_id)
    await cancelled()
    await replayed()


async def cancelled() -> None:
    ref = await patient.aio_run(wait_for_result=False)
    await marked("patient started")
    await hatchet.runs.aio_cancel(ref.workflow_run_id)
    await marked("patient stopped")
    seen["cancelled"] = (await hatchet.runs.aio_get_status(ref.workflow_run_id)).value


async def replayed() -> None:
    ref = await add_async.aio_run(Numbers(values=[1]), wait_for_result=False)
    first = await ref.aio_result()
    await hatchet.runs.aio_replay(ref.workflow_run_id)
    second = await ref.aio_result()
    seen["replayed"] = [first.attempt, second.attempt]


async def logged(run_id: str) -> list[str]:
    """Log lines travel behind the result."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        rows = (await hatchet.logs.aio_list(run_id)).rows or []
        if rows:
            return [row.message for row in rows]
        await asyncio.sleep(0.05)
    return []


async def marked(text: str) -> None:
    end = time.monotonic() + 20
    while text not in MARKS.read_text():
        if time.monotonic() > end:
            raise TimeoutError(text)
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    MARKS.touch()
    blocking()
    asyncio.run(concurrent())
    seen["marks"] = MARKS.read_text().splitlines()
    sys.stdout.write(json.dumps(seen) + "\n")
