"""What the REST-backed feature clients share."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hatchet_sdk.utils.datetimes import as_utc

if TYPE_CHECKING:
    from hatchet_sdk.client import Client
    from hatchet_sdk.clients.rest.client import RestClient
    from hatchet_sdk.config import ClientConfig
    from hatchet_sdk.transport.connection import Connection


class BaseRestClient:
    """A feature client.

    Args:
        client: settings, connection and HTTP client.
    """

    def __init__(self, client: "Client") -> None:
        self._client = client

    @property
    def _connection(self) -> "Connection":
        return self._client.connection

    @property
    def _rest(self) -> "RestClient":
        return self._client.rest

    @property
    def client_config(self) -> "ClientConfig":
        return self._client.config

    @property
    def tenant_id(self) -> str:
        return self._client.config.tenant_id

    def _tenant_path(self, rest: str, version: str = "v1/stable") -> str:
        return f"/api/{version}/tenants/{self.tenant_id}/{rest}"


def time_text(moment: datetime | None) -> str | None:
    """A time as a query has it: RFC 3339, UTC, microseconds."""
    return None if moment is None else as_utc(moment).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def metadata_texts(metadata: Mapping[str, Any] | None) -> list[str] | None:
    """Metadata filters as a query has them: `key:value`."""
    return None if metadata is None else [f"{key}:{value}" for key, value in metadata.items()]


def values(members: Iterable[Any] | None) -> list[str] | None:
    """Enum members as a query has them."""
    return None if members is None else [str(member.value) for member in members]
