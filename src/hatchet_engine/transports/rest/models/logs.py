"""Log lines."""

from hatchet_engine.transports.rest.models.enums import V1LogLineLevel
from hatchet_engine.transports.rest.models.shape import Id, Json, PaginationResponse, Shape, Time


class V1LogLine(Shape):
    created_at: Time
    message: str
    metadata: Json
    task_external_id: Id | None = None
    task_display_name: str | None = None
    retry_count: int | None = None
    attempt: int | None = None
    level: V1LogLineLevel | None = None


class V1LogLineList(Shape):
    pagination: PaginationResponse
    rows: list[V1LogLine]
