ref = await process_image.aio_run(
    ImageInput(image_url="https://example.com/photo.png", filters=["blur"]),
    wait_for_result=False,
)
# Cancel a run by ID
await hatchet.runs.aio_cancel(ref.workflow_run_id)
