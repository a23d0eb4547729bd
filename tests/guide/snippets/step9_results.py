# Wait for the result
result = await process_image.aio_run(
    ImageInput(image_url="https://example.com/photo.png", filters=["thumbnail"]),
)
print(result.processed_url)

# Fire-and-forget, then retrieve later
ref = await process_image.aio_run(
    ImageInput(image_url="https://example.com/photo.png", filters=["blur"]),
    wait_for_result=False,
)
run_id = ref.workflow_run_id

# Check the run status later
status = await hatchet.runs.aio_get_status(run_id)
print(status)  # QUEUED, RUNNING, COMPLETED, FAILED, or CANCELLED

# Retrieve the result when ready
result = await ref.aio_result()
print(result.processed_url)
