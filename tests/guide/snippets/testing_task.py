@hatchet.task()
def show_settings(input: EmptyModel, ctx: Context) -> dict[str, str | int]:
    return {
        "retry_count": ctx.retry_count,
        "customer": ctx.additional_metadata["customer"],
        "bucket": ctx.lifespan["bucket"],
    }
