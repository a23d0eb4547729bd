from datetime import datetime
from decimal import Decimal

from hatchet_sdk import Context, EmptyModel
from pydantic import BaseModel

from client import hatchet


# A task without meaningful input
@hatchet.task()
async def cleanup(input: EmptyModel, ctx: Context) -> dict[str, int]:
    return {"removed": 3}


# A sync task that returns a dict
@hatchet.task(input_validator=ImageInput)
def count_filters(input: ImageInput, ctx: Context) -> dict[str, int]:
    return {"filters": len(input.filters)}


# The context: run metadata, retry information, logging
@hatchet.task()
async def show_context(input: EmptyModel, ctx: Context) -> dict[str, str | int]:
    ctx.log("looking at the context")
    return {
        "run": ctx.workflow_run_id,
        "retry_count": ctx.retry_count,
        "customer": ctx.additional_metadata["customer"],
    }


# Values that are not JSON travel through Pydantic's JSON mode
class Invoice(BaseModel):
    due: datetime
    total: Decimal


@hatchet.task(input_validator=Invoice)
async def double(input: Invoice, ctx: Context) -> Invoice:
    return Invoice(due=input.due, total=input.total * 2)


# A value that Pydantic cannot serialize fails the run with a clear error
@hatchet.task()
async def unserializable(input: EmptyModel, ctx: Context) -> dict[str, object]:
    return {"lock": open_lock()}
