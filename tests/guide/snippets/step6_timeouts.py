from datetime import timedelta

@hatchet.task(execution_timeout=timedelta(seconds=30))
async def long_task(input, ctx):
    ...
