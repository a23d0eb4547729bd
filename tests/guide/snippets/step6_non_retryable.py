from hatchet_sdk.exceptions import NonRetryableException

# Inside a task: skip retry for a permanent failure
if response.status_code == 400:
    raise NonRetryableException("Bad request: do not retry")
