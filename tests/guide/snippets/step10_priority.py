from hatchet_sdk import Priority
ref = await process_image.aio_run(
    ImageInput(image_url="https://example.com/photo.png", filters=["blur"]),
    wait_for_result=False,
    priority=Priority.HIGH,
)
