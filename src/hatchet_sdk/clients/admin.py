"""The engine's live view of a run."""

from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import BaseModel

from hatchet_sdk.clients.rest.models.v1_task_status import V1TaskStatus
from hatchet_sdk.utils.typing import JSONSerializableMapping

if TYPE_CHECKING:
    from hatchet_wire.published.v1.workflows_pb2 import GetRunDetailsResponse

MAX_BULK_WORKFLOW_RUN_BATCH_SIZE = 1000


class RunStatus(StrEnum):
    """State of a run."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"

    @staticmethod
    def from_v1_task_status(v1_task_status: V1TaskStatus) -> "RunStatus":
        """The same state in the words of the REST API, translated."""
        return RunStatus(v1_task_status.value)

    def to_v1_task_status(self) -> V1TaskStatus:
        """The same state in the words of the REST API."""
        return V1TaskStatus(self.value)


class TaskRunDetail(BaseModel):
    """A task run as it is now."""

    external_id: str
    readable_id: str
    output: JSONSerializableMapping | None = None
    error: str | None = None
    status: V1TaskStatus
    is_evicted: bool = False


class WorkflowRunDetail(BaseModel):
    """A run as it is now.

    Args:
        external_id: id of the run.
        status: FAILED, CANCELLED or COMPLETED only when it is over.
        task_runs: the task runs that exist, by task name.
        done: whether it is over.
    """

    external_id: str
    status: RunStatus
    input: JSONSerializableMapping | None = None
    additional_metadata: JSONSerializableMapping | None = None
    task_runs: dict[str, TaskRunDetail]
    done: bool = False

    @classmethod
    def from_proto(cls, external_id: str, proto: "GetRunDetailsResponse") -> "WorkflowRunDetail":
        """The run as the engine describes it."""
        from pydantic_core import from_json

        from hatchet_wire.published.v1.workflows_pb2 import RunStatus as ProtoStatus

        return cls(
            external_id=external_id,
            status=RunStatus(_shown(ProtoStatus.Name(proto.status))),
            input=from_json(proto.input) if proto.input else None,
            additional_metadata=from_json(proto.additional_metadata) if proto.additional_metadata else None,
            done=proto.done,
            task_runs={
                name: TaskRunDetail(
                    external_id=task.external_id,
                    readable_id=task.readable_id,
                    output=from_json(task.output) if task.output else None,
                    error=task.error or None,
                    status=V1TaskStatus(_shown(ProtoStatus.Name(task.status))),
                    is_evicted=task.is_evicted or task.status == ProtoStatus.EVICTED,
                )
                for name, task in proto.task_runs.items()
            },
        )


def _shown(status: str) -> str:
    return "RUNNING" if status == "EVICTED" else status
