"""Log lines."""

from hatchet_engine.store.queries import LogRow
from hatchet_engine.transports.rest.models.enums import V1LogLineLevel
from hatchet_engine.transports.rest.models.logs import V1LogLine
from hatchet_engine.transports.rest.views.json_text import json_object
from hatchet_engine.transports.rest.views.tasks import display_name


def log_line(row: LogRow) -> V1LogLine:
    return V1LogLine(
        created_at=row.at,
        message=row.message,
        metadata=json_object(row.metadata),
        task_external_id=row.task_id,
        task_display_name=display_name(row.task_name, row.task_created_at),
        retry_count=row.retry_count,
        attempt=row.retry_count + 1 if row.retry_count is not None else None,
        level=V1LogLineLevel(row.level),
    )
