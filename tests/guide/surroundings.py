"""What stands around the guide's snippets in a reader's application: the functions that they call.

Runs in the worker, in the project's folder. Files in that folder let a test steer it: see `gate`.
"""

import threading
from dataclasses import dataclass
from pathlib import Path

from tests.support.waiting import aio_eventually, pause

FOLDER = Path.cwd()
GATE_S = 60.0


async def gate(name: str) -> None:
    """Go on when the test has made a file of this name."""
    await aio_eventually((FOLDER / name).exists, within_s=GATE_S)


def note(name: str, line: str) -> None:
    with (FOLDER / name).open("a") as file:
        file.write(line + "\n")


def noted(name: str) -> list[str]:
    path = FOLDER / name
    return path.read_text().splitlines() if path.exists() else []


async def resize(image_url: str, filters: list[str]) -> str:
    """The picture's address. The filter `hold` keeps the body running until the test opens the gate."""
    note("resized", ",".join(filters))
    if "hold" in filters:
        await gate("open")
    return "https://cdn.example.com/" + image_url.rsplit("/", 1)[-1]


class RequestError(Exception):
    """The API did not answer."""


async def external_api_call(order_id: str) -> dict[str, str]:
    """An order `flaky-N` fails N times, then answers."""
    note(order_id, "called")
    if len(noted(order_id)) <= int(order_id.rsplit("-", 1)[-1]):
        raise RequestError("no answer")
    return {"order": order_id}


@dataclass
class Response:
    status_code: int


async def post(order_id: str) -> Response:
    """Every call is noted; `bad-…` is answered 400."""
    note(order_id, "posted")
    return Response(400 if order_id.startswith("bad") else 200)


batches = range(1000)


async def process_batch(batch: int) -> None:
    note("batches", str(batch))
    await pause(0.05)


async def for_ever() -> None:
    await gate("never")


async def seconds(count: float) -> None:
    await pause(count)


def open_lock() -> object:
    return threading.Lock()
