"""`hatchet.logs`: the logs of task runs."""

from datetime import datetime

from hatchet_sdk.blocking import blocking
from hatchet_sdk.clients.rest.models.v1_log_line_list import V1LogLineList
from hatchet_sdk.clients.v1.api_client import BaseRestClient, time_text


class LogsClient(BaseRestClient):
    """The logs of task runs."""

    async def aio_list(
        self, task_run_id: str, limit: int = 1000, since: datetime | None = None, until: datetime | None = None
    ) -> V1LogLineList:
        """The lines of one task run's log, oldest first.

        Args:
            task_run_id: the task run; for a standalone task the run.
            limit: how many lines at most.
            since: written after this time.
            until: written before this time.

        Raises:
            hatchet_sdk.clients.rest.exceptions.ApiException: the engine refused, or did not answer.
        """
        query = {"limit": limit, "since": time_text(since), "until": time_text(until)}
        return await self._rest.get(f"/api/v1/stable/tasks/{task_run_id}/logs", V1LogLineList, query)

    list = blocking(aio_list)
