"""The tasks of the pipeline. The worker runs them; the demo triggers them."""

from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel

from hatchet_sdk import Context, Hatchet
from image_pipeline import imaging, journal

hatchet = Hatchet()


class FilterInput(BaseModel):
    photograph: Path
    filter: str
    target: Path
    flaky: bool = False
    """Fail the first attempt on purpose, to show a retry."""


class Picture(BaseModel):
    target: Path
    width: int
    height: int


class Photograph(BaseModel):
    photograph: Path


class Description(BaseModel):
    width: int
    height: int
    colours: list[str]
    exif: dict[str, str]


class InjectedFault(Exception):
    """What goes wrong on purpose in a flaky run."""


# Both bodies are `def`, not `async def`: they compute, so they run in the worker's threads and leave its loop free.


@hatchet.task(input_validator=FilterInput, retries=3, execution_timeout=timedelta(seconds=60))
def apply_filter(input: FilterInput, ctx: Context) -> Picture:
    with journal.recorded(ctx.workflow_run_id, ctx.retry_count):
        if input.flaky and ctx.retry_count == 0:
            raise InjectedFault(f"{input.filter} of {input.photograph.name} fails the first time, on purpose")
        width, height = imaging.filtered(input.photograph, input.filter, input.target)
        ctx.log(f"{input.photograph.name}: {input.filter}, {width} x {height}")
        return Picture(target=input.target, width=width, height=height)


@hatchet.task(input_validator=Photograph, retries=3, execution_timeout=timedelta(seconds=60))
def describe(input: Photograph, ctx: Context) -> Description:
    with journal.recorded(ctx.workflow_run_id, ctx.retry_count):
        width, height = imaging.size(input.photograph)
        return Description(
            width=width,
            height=height,
            colours=imaging.dominant_colours(input.photograph),
            exif=imaging.exif(input.photograph),
        )
