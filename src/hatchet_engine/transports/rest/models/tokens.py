"""API tokens."""

from pydantic import Field

from hatchet_engine.transports.rest.models.shape import Shape


class CreateAPITokenRequest(Shape):
    name: str = Field(max_length=255)
    expires_in: str | None = None


class CreateAPITokenResponse(Shape):
    token: str
