from hatchet_sdk import Context
from pydantic import BaseModel

from client import hatchet


class ImageInput(BaseModel):
    image_url: str
    filters: list[str]


class ImageOutput(BaseModel):
    processed_url: str


@hatchet.task(name="process-image", input_validator=ImageInput)
async def process_image(input: ImageInput, ctx: Context) -> ImageOutput:
    result = await resize(input.image_url, input.filters)
    return ImageOutput(processed_url=result)
