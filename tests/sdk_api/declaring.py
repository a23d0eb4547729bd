"""Declarations as the engine reads them."""

from typing import Any

from google.protobuf.json_format import MessageToDict

from hatchet_engine.core.definition import WorkflowDefinition
from hatchet_sdk import Context
from hatchet_wire.published.v1 import workflows_pb2 as proto


def body(input: Any, ctx: Context) -> dict[str, Any]:
    return {}


def as_the_engine_sees(request: proto.CreateWorkflowVersionRequest) -> WorkflowDefinition:
    return WorkflowDefinition.parse(MessageToDict(request, preserving_proto_field_name=True))
