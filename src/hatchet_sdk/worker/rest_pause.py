"""Pausing a worker over REST, for engines whose gRPC side cannot do it."""

from typing import TYPE_CHECKING

from hatchet_sdk.logger import logger

if TYPE_CHECKING:
    from hatchet_sdk.config import ClientConfig

WITHIN_S = 10.0


async def pause_by_rest(config: "ClientConfig", worker_id: str) -> None:
    """Ask for no more assignments; if that fails, it is logged and the worker drains all the same."""
    import httpx

    url = f"{config.server_url.rstrip('/')}/api/v1/workers/{worker_id}"
    headers = {"Authorization": f"Bearer {config.token}"}
    try:
        async with httpx.AsyncClient(timeout=WITHIN_S) as client:
            response = await client.patch(url, json={"isPaused": True}, headers=headers)
            response.raise_for_status()
    except httpx.HTTPError as error:
        logger.warning("the engine could not be asked to pause this worker: %s", error)
