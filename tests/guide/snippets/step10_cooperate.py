# Inside a task: cooperate with cancellation
@hatchet.task()
async def long_running(input, ctx):
    for batch in batches:
        if ctx.is_cancelled:
            return {"status": "cancelled"}
        await process_batch(batch)
    return {"status": "done"}
