"""What all REST models have in common."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class RestModel(BaseModel):
    """JSON names are camelCase, Python names snake_case; both are accepted. Unknown members are ignored."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    def to_body(self) -> dict[str, object]:
        """The JSON object to send: members that are None are left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class SnakeCaseModel(BaseModel):
    """A model whose JSON names are snake_case too."""

    model_config = ConfigDict(populate_by_name=True)
