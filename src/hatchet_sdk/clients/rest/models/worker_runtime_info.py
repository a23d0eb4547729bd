"""`WorkerRuntimeInfo` of the REST API."""

from hatchet_sdk.clients.rest.models.rest_model import RestModel
from hatchet_sdk.clients.rest.models.worker_runtime_sdks import WorkerRuntimeSDKs


class WorkerRuntimeInfo(RestModel):
    """What a worker runs on."""

    sdk_version: str | None = None
    language: WorkerRuntimeSDKs | None = None
    language_version: str | None = None
    os: str | None = None
    runtime_extra: str | None = None
