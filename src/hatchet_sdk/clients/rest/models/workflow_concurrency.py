"""`WorkflowConcurrency` of the REST API."""

from hatchet_sdk.clients.rest.models.concurrency_limit_strategy import ConcurrencyLimitStrategy
from hatchet_sdk.clients.rest.models.rest_model import RestModel


class WorkflowConcurrency(RestModel):
    """A workflow's only concurrency limit, in the words of the first API."""

    max_runs: int
    limit_strategy: ConcurrencyLimitStrategy
    get_concurrency_group: str
