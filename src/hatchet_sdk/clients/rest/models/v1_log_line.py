"""`V1LogLine` of the REST API."""

from datetime import datetime
from typing import Any

from hatchet_sdk.clients.rest.models.rest_model import RestModel
from hatchet_sdk.clients.rest.models.v1_log_line_level import V1LogLineLevel


class V1LogLine(RestModel):
    """A line of a task run's log."""

    created_at: datetime
    message: str
    metadata: dict[str, Any]
    task_external_id: str | None = None
    task_display_name: str | None = None
    retry_count: int | None = None
    attempt: int | None = None
    level: V1LogLineLevel | None = None
