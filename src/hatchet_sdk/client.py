"""What everything that talks to the engine shares."""

from functools import cached_property
from typing import TYPE_CHECKING

from hatchet_sdk.config import ClientConfig

if TYPE_CHECKING:
    from hatchet_sdk.clients.rest.client import RestClient
    from hatchet_sdk.features.logs import LogsClient
    from hatchet_sdk.features.runs import RunsClient
    from hatchet_sdk.features.workers import WorkersClient
    from hatchet_sdk.features.workflows import WorkflowsClient
    from hatchet_sdk.transport.connection import Connection

_ENVELOPE_BYTES = 64 * 1024
"""Room that a message needs besides its payload."""


class Client:
    """Settings, the connection, and the feature clients; each is made when it is first used.

    Args:
        config: settings; None: from the environment.
    """

    def __init__(self, config: ClientConfig | None = None) -> None:
        self.config = config if config is not None else ClientConfig()

    @property
    def max_payload_bytes(self) -> int:
        """The largest JSON text that fits in a message."""
        return max(self.config.grpc_max_send_message_length - _ENVELOPE_BYTES, _ENVELOPE_BYTES)

    @cached_property
    def connection(self) -> "Connection":
        from hatchet_sdk.transport.connection import Connection

        return Connection(self.config)

    @cached_property
    def rest(self) -> "RestClient":
        from hatchet_sdk.clients.rest.client import RestClient

        return RestClient(self.config, self.connection)

    @cached_property
    def runs(self) -> "RunsClient":
        from hatchet_sdk.features.runs import RunsClient

        return RunsClient(self)

    @cached_property
    def workers(self) -> "WorkersClient":
        from hatchet_sdk.features.workers import WorkersClient

        return WorkersClient(self)

    @cached_property
    def workflows(self) -> "WorkflowsClient":
        from hatchet_sdk.features.workflows import WorkflowsClient

        return WorkflowsClient(self)

    @cached_property
    def logs(self) -> "LogsClient":
        from hatchet_sdk.features.logs import LogsClient

        return LogsClient(self)
