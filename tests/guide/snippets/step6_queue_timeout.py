from datetime import timedelta


@hatchet.task(schedule_timeout=timedelta(seconds=1))
async def urgent_or_never(input: EmptyModel, ctx: Context) -> None:
    ...


@hatchet.task(execution_timeout=timedelta(seconds=1), retries=1)
async def too_slow(input: EmptyModel, ctx: Context) -> None:
    await for_ever()


@hatchet.task(execution_timeout=timedelta(seconds=1))
async def needs_longer(input: EmptyModel, ctx: Context) -> dict[str, str]:
    ctx.refresh_timeout(timedelta(seconds=30))
    await seconds(2)
    return {"status": "done"}
