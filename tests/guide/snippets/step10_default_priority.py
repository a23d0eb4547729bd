from hatchet_sdk import Priority


@hatchet.task(default_priority=Priority.HIGH)
async def page_the_doctor(input: EmptyModel, ctx: Context) -> dict[str, int | None]:
    return {"priority": ctx.priority}
