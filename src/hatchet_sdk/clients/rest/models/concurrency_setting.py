"""`ConcurrencySetting` of the REST API."""

from hatchet_sdk.clients.rest.models.concurrency_limit_strategy import ConcurrencyLimitStrategy
from hatchet_sdk.clients.rest.models.concurrency_scope import ConcurrencyScope
from hatchet_sdk.clients.rest.models.rest_model import RestModel


class ConcurrencySetting(RestModel):
    """A concurrency limit."""

    max_runs: int
    limit_strategy: ConcurrencyLimitStrategy
    expression: str
    step_readable_id: str | None = None
    scope: ConcurrencyScope
