"""Triggers the runs, takes in the results, and reads back what the engine's history says about them."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hatchet_sdk import FailedTaskRunExceptionGroup, TaskRunRef
from hatchet_sdk.clients.rest.models.v1_task_event_type import V1TaskEventType
from image_pipeline.jobs import DESCRIBE, Job
from image_pipeline.pipeline import (
    Description,
    FilterInput,
    Photograph,
    Picture,
    apply_filter,
    describe,
    hatchet,
)
from image_pipeline.report import RunRecord

READS_AT_ONCE = 8

Reference = TaskRunRef[FilterInput, Picture] | TaskRunRef[Photograph, Description]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A result has come in; `at` is on the monotonic clock, in seconds."""

    job: Job
    run_id: str
    at: float
    output: Picture | Description | None
    error: str | None


async def are_registered() -> bool:
    """Whether a worker has told the engine about the tasks. Before that nobody can trigger them."""
    try:
        await asyncio.to_thread(lambda: (describe.id, apply_filter.id))
    except ValueError:
        return False
    return True


async def trigger(jobs: Sequence[Job], metadata: dict[str, str]) -> list[tuple[Job, Reference]]:
    """Start a run for each job: one call for each of the two tasks. What is returned is on the engine's disk."""
    filters = [job for job in jobs if job.operation != DESCRIBE]
    descriptions = [job for job in jobs if job.operation == DESCRIBE]
    described = await describe.aio_run_many(
        [
            describe.create_bulk_run_item(input=Photograph(photograph=job.photograph), additional_metadata=metadata)
            for job in descriptions
        ],
        wait_for_result=False,
    )
    filtered = await apply_filter.aio_run_many(
        [
            apply_filter.create_bulk_run_item(
                input=FilterInput(photograph=job.photograph, filter=job.operation, target=job.target, flaky=job.flaky),
                additional_metadata=metadata,
            )
            for job in filters
        ],
        wait_for_result=False,
    )
    return [*zip(descriptions, described, strict=True), *zip(filters, filtered, strict=True)]


async def arrivals(runs: Sequence[tuple[Job, Reference]]) -> AsyncIterator[Arrival]:
    """The results, in the order in which they come in."""
    for arrival in asyncio.as_completed([arrival_of(job, reference) for job, reference in runs]):
        yield await arrival


async def arrival_of(job: Job, reference: Reference) -> Arrival:
    output: Picture | Description | None = None
    error: str | None = None
    try:
        output = await reference.aio_result()
    except FailedTaskRunExceptionGroup as failure:
        error = str(failure)
    return Arrival(job, reference.workflow_run_id, time.monotonic(), output, error)


async def history(runs: Sequence[tuple[Job, Reference]]) -> list[RunRecord]:
    """One record for each run, in the order given."""
    reads = asyncio.Semaphore(READS_AT_ONCE)

    async def record(job: Job, reference: Reference) -> RunRecord:
        async with reads:
            details = await hatchet.runs.aio_get(reference.workflow_run_id)
        kinds = [event.event_type for event in details.task_events]
        return RunRecord(
            operation=job.operation,
            status=details.run.status.value,
            retries=kinds.count(V1TaskEventType.RETRYING),
            reassignments=kinds.count(V1TaskEventType.REASSIGNED),
            completions=kinds.count(V1TaskEventType.FINISHED),
            body_ms=milliseconds(details.run.started_at, details.run.finished_at),
        )

    return list(await asyncio.gather(*(record(job, reference) for job, reference in runs)))


async def known_runs(metadata: dict[str, str]) -> int:
    """How many runs of this demo the engine has in its history, however they were started."""
    rows = await hatchet.runs.aio_list_with_pagination(
        only_tasks=True, additional_metadata=metadata, include_payloads=False
    )
    return len(rows)


def milliseconds(start: datetime | None, end: datetime | None) -> float:
    return (end - start) / timedelta(milliseconds=1) if start is not None and end is not None else 0.0


def descriptions(came_in: Sequence[Arrival]) -> dict[Path, Description]:
    return {arrival.job.photograph: arrival.output for arrival in came_in if isinstance(arrival.output, Description)}
