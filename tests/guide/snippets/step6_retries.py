class OrderInput(BaseModel):
    order_id: str


@hatchet.task(
    input_validator=OrderInput,
    retries=5,
    backoff_factor=2.0,
    backoff_max_seconds=60,
)
async def call_api(input: OrderInput, ctx: Context) -> dict[str, str]:
    return await external_api_call(input.order_id)
