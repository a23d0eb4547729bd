"""From gRPC statuses to the errors that the SDK raises."""

from collections.abc import Iterable
from typing import Any, cast

import grpc
from google.rpc import status_pb2  # type: ignore[import-untyped]
from grpc import aio

from hatchet_sdk.exceptions import (
    BulkTriggerIdempotencyCollisionError,
    DedupeViolationError,
    IdempotencyCollisionError,
)
from hatchet_wire.published.v1 import workflows_pb2

STATUS_DETAIL_KEY = "grpc-status-details-bin"
CODES: dict[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}


def rpc_error(code: int | grpc.StatusCode, message: str, detail: bytes = b"") -> aio.AioRpcError:
    """The error that a unary call would have raised. `detail`: a serialized google.rpc.Status, or empty."""
    status = code if isinstance(code, grpc.StatusCode) else CODES.get(code, grpc.StatusCode.UNKNOWN)
    trailing = aio.Metadata((STATUS_DETAIL_KEY, detail)) if detail else aio.Metadata()
    return aio.AioRpcError(status, aio.Metadata(), trailing, details=message)


def trigger_error(error: grpc.RpcError) -> Exception:
    """What a trigger that was answered with `error` raises."""
    if error.code() is not grpc.StatusCode.ALREADY_EXISTS:
        return error
    collision = _collision(error)
    return collision if collision is not None else DedupeViolationError(error.details() or "this run exists already")


def _collision(error: grpc.RpcError) -> Exception | None:
    status = status_pb2.Status.FromString(_status_detail(error))
    for item in status.details:
        one = workflows_pb2.IdempotencyCollisionError()
        if item.Unpack(one):
            return IdempotencyCollisionError(one.existing_run_external_id)
        many = workflows_pb2.BulkTriggerIdempotencyCollisionError()
        if item.Unpack(many):
            return BulkTriggerIdempotencyCollisionError(
                list(many.successful_workflow_run_external_ids),
                [IdempotencyCollisionError(each.existing_run_external_id) for each in many.collisions],
            )
    return None


def _status_detail(error: grpc.RpcError) -> bytes:
    pairs: Iterable[tuple[str, str | bytes]] = cast(Any, error.trailing_metadata() or ())
    for key, value in pairs:
        if key == STATUS_DETAIL_KEY:
            return value if isinstance(value, bytes) else value.encode()
    return b""
