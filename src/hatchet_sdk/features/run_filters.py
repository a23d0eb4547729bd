"""Which runs a bulk operation is about."""

from datetime import datetime
from typing import Literal, overload

from pydantic import BaseModel, model_validator

from hatchet_sdk.clients.rest.models.v1_cancel_task_request import V1CancelTaskRequest
from hatchet_sdk.clients.rest.models.v1_replay_task_request import V1ReplayTaskRequest
from hatchet_sdk.clients.rest.models.v1_task_filter import V1TaskFilter
from hatchet_sdk.clients.rest.models.v1_task_status import V1TaskStatus
from hatchet_sdk.clients.v1.api_client import metadata_texts


class RunFilter(BaseModel):
    """Runs by properties, all of which must fit.

    Args:
        since: created at or after this time.
        until: created at or before this time.
        statuses: in one of these states; None: any.
        workflow_ids: of one of these workflows.
        additional_metadata: with one of these pairs in their metadata.
    """

    since: datetime
    until: datetime | None = None
    statuses: list[V1TaskStatus] | None = None
    workflow_ids: list[str] | None = None
    additional_metadata: dict[str, str] | None = None


class BulkCancelReplayOpts(BaseModel):
    """Runs by id, or by filter.

    Args:
        ids: run or task run ids.
        filters: the other possibility.

    Raises:
        ValueError: none or both are given.
    """

    ids: list[str] | None = None
    filters: RunFilter | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "BulkCancelReplayOpts":
        if bool(self.ids) == bool(self.filters):
            raise ValueError("give either ids or filters")
        return self

    @property
    def v1_task_filter(self) -> V1TaskFilter | None:
        """The filter in the words of the REST API."""
        if self.filters is None:
            return None
        return V1TaskFilter(
            since=self.filters.since,
            until=self.filters.until,
            statuses=self.filters.statuses,
            workflow_ids=self.filters.workflow_ids,
            additional_metadata=metadata_texts(self.filters.additional_metadata),
        )

    @overload
    def to_request(self, request_type: Literal["replay"]) -> V1ReplayTaskRequest: ...
    @overload
    def to_request(self, request_type: Literal["cancel"]) -> V1CancelTaskRequest: ...
    def to_request(self, request_type: Literal["replay", "cancel"]) -> V1ReplayTaskRequest | V1CancelTaskRequest:
        """The request to send."""
        kind = V1ReplayTaskRequest if request_type == "replay" else V1CancelTaskRequest
        return kind(external_ids=self.ids, filter=self.v1_task_filter)
