"""Unary calls of the published contract, with their retries."""

from typing import TYPE_CHECKING

import grpc

from hatchet_sdk.transport.retry import with_retries
from hatchet_wire.published.dispatcher_pb2 import GetVersionRequest
from hatchet_wire.published.v1 import workflows_pb2 as admin_pb2

if TYPE_CHECKING:
    from hatchet_sdk.config import TenacityConfig
    from hatchet_sdk.transport.channel import Channel

VERSION_ATTEMPTS = 3


class UnaryCalls:
    """Everything here runs on the transport's loop."""

    def __init__(self, channel: "Channel", tenacity: "TenacityConfig") -> None:
        self._channel = channel
        self._tenacity = tenacity

    async def put_workflow(
        self, request: admin_pb2.CreateWorkflowVersionRequest
    ) -> admin_pb2.CreateWorkflowVersionResponse:
        return await with_retries(
            lambda: self._channel.admin.PutWorkflow(request, metadata=self._channel.metadata), self._tenacity
        )

    async def engine_version(self) -> str | None:
        try:
            response = await with_retries(
                lambda: self._channel.dispatcher.GetVersion(GetVersionRequest(), metadata=self._channel.metadata),
                self._tenacity,
                attempts=VERSION_ATTEMPTS,
            )
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.UNIMPLEMENTED:
                return None
            raise
        return response.version or None

    async def run_details(self, external_id: str) -> admin_pb2.GetRunDetailsResponse:
        request = admin_pb2.GetRunDetailsRequest(external_id=external_id)
        return await with_retries(
            lambda: self._channel.admin.GetRunDetails(request, metadata=self._channel.metadata),
            self._tenacity,
            retry_not_found=True,
        )
