# Wait for the result
result = await process_image.aio_run(
    ImageInput(image_url="https://example.com/photo.png", filters=["thumbnail"]),
)
print(result.processed_url)

# Fire-and-forget
ref = await process_image.aio_run(
    ImageInput(image_url="https://example.com/photo.png", filters=["thumbnail"]),
    wait_for_result=False,
)
print(ref.workflow_run_id)
