"""Importing the SDK, and declaring tasks with it, costs little and touches no network."""

import os
import subprocess
import sys

import pytest

from tests.sdk_api.tokens import token

MOST_MODULES = 420
HEAVY = ("grpc", "google.protobuf", "httpx", "hatchet_wire", "multiprocessing.pool", "pytest", "yaml", "opentelemetry")

WATCH = """
import sys

def refuse(event, arguments):
    if event.startswith(("socket.", "subprocess.", "os.fork", "os.posix_spawn")):
        raise AssertionError(event)

sys.addaudithook(refuse)
"""

DECLARE = """
from hatchet_sdk import Context, EmptyModel, Hatchet
from pydantic import BaseModel

class Order(BaseModel):
    id: str

hatchet = Hatchet()

@hatchet.task(input_validator=Order, retries=3)
async def charge(input: Order, ctx: Context) -> Order:
    return input

flow = hatchet.workflow(name="flow", input_validator=Order)

@flow.task()
def first(input: Order, ctx: Context) -> dict[str, str]:
    return {}

charge.create_bulk_run_item(Order(id="1"))
charge.get_run_ref("run-1")
first.mock_run(Order(id="1"))
"""


def run(script: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HATCHET_", "COV_"))}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**clean, "HATCHET_CLIENT_TOKEN": token()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_watcher_sees_sockets() -> None:
    with pytest.raises(AssertionError, match=r"AssertionError: socket\."):
        run(WATCH + "import socket; socket.create_connection(('127.0.0.1', 1))")


@pytest.mark.parametrize("script", ["import hatchet_sdk", DECLARE], ids=["import", "declare"])
def test_no_socket_no_process_no_thread(script: str) -> None:
    assert run(f"{WATCH}\n{script}\nimport threading; print(threading.active_count())").strip() == "1"


@pytest.mark.parametrize("script", ["import hatchet_sdk", DECLARE], ids=["import", "declare"])
def test_what_is_heavy_is_loaded_later(script: str) -> None:
    loaded = run(f"{script}\nimport sys; print(*sys.modules)").split()
    assert [name for name in HEAVY if name in loaded] == []
    assert len(loaded) < MOST_MODULES


def test_a_star_import_loads_everything_without_a_connection() -> None:
    assert run(f"{WATCH}\nfrom hatchet_sdk import *\nprint(Worker.__name__, V1TaskStatus.QUEUED.value)").split() == [
        "Worker",
        "QUEUED",
    ]
