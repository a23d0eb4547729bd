from tasks import ImageInput, count_filters, process_image, show_settings


def test_count_filters() -> None:
    result = count_filters.mock_run(ImageInput(image_url="https://example.com/photo.png", filters=["thumbnail"]))
    assert result == {"filters": 1}


async def test_process_image() -> None:
    result = await process_image.aio_mock_run(
        ImageInput(image_url="https://example.com/photo.png", filters=["thumbnail"]),
    )
    assert result.processed_url == "https://cdn.example.com/photo.png"


def test_mock_context() -> None:
    result = show_settings.mock_run(
        retry_count=2,
        additional_metadata={"customer": "acme"},
        lifespan={"bucket": "photos"},
    )
    assert result == {"retry_count": 2, "customer": "acme", "bucket": "photos"}
