"""`hatchet.workflows`: the registered workflows."""

from datetime import timedelta
from typing import Literal

from hatchet_sdk.blocking import blocking
from hatchet_sdk.clients.rest.models.workflow import Workflow
from hatchet_sdk.clients.rest.models.workflow_list import WorkflowList
from hatchet_sdk.clients.rest.models.workflow_version import WorkflowVersion
from hatchet_sdk.clients.v1.api_client import BaseRestClient
from hatchet_sdk.utils.timedelta_to_expression import timedelta_to_expr


class WorkflowsClient(BaseRestClient):
    """The registered workflows.

    Raises (every method):
        hatchet_sdk.clients.rest.exceptions.ApiException: the engine refused (404: there is no such workflow), or did
            not answer.
    """

    async def aio_get(self, workflow_id: str) -> Workflow:
        """One workflow."""
        return await self._rest.get(f"/api/v1/workflows/{workflow_id}", Workflow)

    get = blocking(aio_get)

    async def aio_get_version(self, workflow_id: str, version: str | None = None) -> WorkflowVersion:
        """The definition of one version.

        Args:
            workflow_id: the workflow.
            version: id of the version; None: the newest.
        """
        path = f"/api/v1/workflows/{workflow_id}/versions"
        return await self._rest.get(path, WorkflowVersion, {"version": version})

    get_version = blocking(aio_get_version)

    async def aio_delete(self, workflow_id: str) -> None:
        """Remove a workflow with its history; this cannot be undone."""
        await self._rest.delete(f"/api/v1/workflows/{workflow_id}")

    delete = blocking(aio_delete)

    async def aio_pause(
        self,
        workflow_id: str,
        queue_ttl: timedelta,
        paused_workflow_cron_run_queue_behavior: Literal["DROP", "QUEUE"] = "QUEUE",
        paused_workflow_scheduled_run_queue_behavior: Literal["DROP", "QUEUE"] = "QUEUE",
    ) -> Workflow:
        """Start no more runs; new ones are queued.

        Args:
            workflow_id: the workflow.
            queue_ttl: a run that is queued longer than this is cancelled.
            paused_workflow_cron_run_queue_behavior: whether cron ticks are queued or dropped meanwhile.
            paused_workflow_scheduled_run_queue_behavior: the same for scheduled runs.
        """
        pause = {
            "action": "pause",
            "pausedWorkflowQueueTTL": timedelta_to_expr(queue_ttl),
            "pausedWorkflowCronRunQueueBehavior": paused_workflow_cron_run_queue_behavior,
            "pausedWorkflowScheduledRunQueueBehavior": paused_workflow_scheduled_run_queue_behavior,
        }
        return await self._rest.patch(f"/api/v1/workflows/{workflow_id}", Workflow, {"pause": pause})

    pause = blocking(aio_pause)

    async def aio_unpause(self, workflow_id: str) -> Workflow:
        """Start runs again."""
        body = {"pause": {"action": "unpause"}}
        return await self._rest.patch(f"/api/v1/workflows/{workflow_id}", Workflow, body)

    unpause = blocking(aio_unpause)

    async def aio_list(
        self, workflow_name: str | None = None, limit: int | None = None, offset: int | None = None
    ) -> WorkflowList:
        """One page of workflows.

        Args:
            workflow_name: part of the name; the namespace is put in front.
            limit: how many at most; default 50.
            offset: how many to leave out.
        """
        query = {"name": self.client_config.apply_namespace(workflow_name), "limit": limit, "offset": offset}
        return await self._rest.get(self._tenant_path("workflows", "v1"), WorkflowList, query)

    list = blocking(aio_list)
