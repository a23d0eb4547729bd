"""The published EventsService: what running tasks say, and (later) user events."""

from hatchet_engine.core.errors import NotFound
from hatchet_engine.runtime.engine import Engine
from hatchet_engine.runtime.records import LogRecord
from hatchet_engine.store import queries
from hatchet_engine.transports.grpc.rpc import Rpc
from hatchet_engine.transports.payloads import MAX_LOG_CHARS, check_log_level, check_object, clean_text, parse_uuid
from hatchet_wire.published import events_pb2 as wire

NOT_YET = {
    "Push": "ingesting events",
    "BulkPush": "ingesting events",
    "ReplaySingleEvent": "replaying events",
}


class EventsService:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def rpcs(self) -> dict[str, Rpc]:
        """Method name -> function."""
        return {"PutLog": self._put_log, "PutStreamEvent": self._put_stream_event}

    async def _put_log(self, tenant_id: str, request: wire.PutLogRequest) -> wire.PutLogResponse:
        task_id = parse_uuid(request.task_run_external_id, "task_run_external_id")
        level = check_log_level(request.level)
        check_object(request.metadata, "metadata")
        current = await self._retry_count(tenant_id, task_id)
        retry_count = request.task_retry_count if request.HasField("task_retry_count") else current
        message = clean_text(request.message)[:MAX_LOG_CHARS]
        line = LogRecord(task_id, retry_count, self._engine.now(), level, message, request.metadata)
        await self._engine.append_logs(tenant_id, [line])
        return wire.PutLogResponse()

    async def _put_stream_event(
        self, tenant_id: str, request: wire.PutStreamEventRequest
    ) -> wire.PutStreamEventResponse:
        task_id = parse_uuid(request.task_run_external_id, "task_run_external_id")
        retry_count = await self._retry_count(tenant_id, task_id)
        if self._engine.is_live(tenant_id, task_id):
            index = request.event_index if request.HasField("event_index") else None
            self._engine.hub.publish_chunk(tenant_id, task_id, retry_count, index, request.message)
        return wire.PutStreamEventResponse()

    async def _retry_count(self, tenant_id: str, task_id: str) -> int:
        """The task's newest attempt.

        Raises:
            NotFound: the tenant has no such task.
        """
        tenant = self._engine.tenants.get(tenant_id)
        task = tenant.tasks.get(task_id) if tenant is not None else None
        if task is not None:
            return task.retry_count
        details = await self._engine.read(queries.run_details, self._engine.store.reader, tenant_id, task_id)
        if details is None:
            raise NotFound(f"task run {task_id} not found")
        return next((run.retry_count for run in details.tasks.values() if run.id == task_id), 0)
