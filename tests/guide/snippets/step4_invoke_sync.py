# Wait for the result
result = process_image.run(
    ImageInput(image_url="https://example.com/photo.png", filters=["thumbnail"]),
)
print(result.processed_url)

# Fire-and-forget
ref = process_image.run(
    ImageInput(image_url="https://example.com/photo.png", filters=["thumbnail"]),
    wait_for_result=False,
)
print(ref.workflow_run_id)
