"""What the server says about itself."""

from pydantic import BaseModel

from hatchet_engine.transports.rest.models.shape import Shape


class APIMetaAuth(Shape):
    schemes: list[str]


class APIMeta(Shape):
    auth: APIMetaAuth
    allow_signup: bool
    allow_invites: bool
    allow_create_tenant: bool
    allow_change_password: bool
    observability_enabled: bool
    prometheus_server_enabled: bool
    auth_disabled: bool


class Version(BaseModel):
    version: str
