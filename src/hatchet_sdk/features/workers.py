"""`hatchet.workers`: the workers of the tenant."""

from hatchet_sdk.blocking import blocking
from hatchet_sdk.clients.rest.models.update_worker_request import UpdateWorkerRequest
from hatchet_sdk.clients.rest.models.worker import Worker
from hatchet_sdk.clients.rest.models.worker_list import WorkerList
from hatchet_sdk.clients.v1.api_client import BaseRestClient


class WorkersClient(BaseRestClient):
    """The workers of the tenant.

    Raises (every method):
        hatchet_sdk.clients.rest.exceptions.ApiException: the engine refused (404: there is no such worker), or did not
            answer.
    """

    async def aio_get(self, worker_id: str) -> Worker:
        """One worker."""
        return await self._rest.get(f"/api/v1/workers/{worker_id}", Worker)

    get = blocking(aio_get)

    async def aio_update(self, worker_id: str, opts: UpdateWorkerRequest) -> Worker:
        """Change a worker; returns it as it is then."""
        return await self._rest.patch(f"/api/v1/workers/{worker_id}", Worker, opts.to_body())

    update = blocking(aio_update)

    async def aio_pause(self, worker_id: str) -> Worker:
        """Assign no more runs to the worker; those that it executes go on."""
        return await self.aio_update(worker_id, UpdateWorkerRequest(is_paused=True))

    pause = blocking(aio_pause)

    async def aio_unpause(self, worker_id: str) -> Worker:
        """Assign runs to the worker again."""
        return await self.aio_update(worker_id, UpdateWorkerRequest(is_paused=False))

    unpause = blocking(aio_unpause)

    async def aio_list(self) -> WorkerList:
        """The workers that were there in the last 24 hours."""
        return await self._rest.get(self._tenant_path("worker", "v1"), WorkerList)

    list = blocking(aio_list)
