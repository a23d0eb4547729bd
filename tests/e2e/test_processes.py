"""Bodies in processes of their own, against a real engine: what they return, and that they are really stopped."""

import os

from hatchet_sdk import ClientConfig, Hatchet, V1TaskStatus
from hatchet_sdk.clients.rest.models.v1_workflow_run_details import V1WorkflowRunDetails
from tests.e2e.load import config_of
from tests.e2e.processes import Installation
from tests.support.waiting import eventually


def began(installation: Installation, details: V1WorkflowRunDetails) -> int:
    """The process that runs the body."""
    run_id = details.run.metadata.id

    def found() -> list[int]:
        return [int(line.split("@")[1]) for line in installation.traces("began") if line.startswith(run_id)]

    return eventually(found, within_s=20)[0]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_bodies_in_processes_return_and_are_stopped(installation: Installation) -> None:
    worker = installation.start_worker()
    installation.await_registration()
    config: ClientConfig = config_of(installation)
    hatchet = Hatchet(config=config)

    quick = hatchet.runs.create("e2e-process", {"n": 7, "ms": 1})
    result = hatchet.runs.get_run_ref(quick.run.metadata.id).result()["e2e-process"]
    assert (result["n"], result["by"].endswith(f"@{worker}")) == (7, False)

    cancelled = hatchet.runs.create("e2e-process", {"n": 1, "ms": 25_000})
    pid = began(installation, cancelled)
    hatchet.runs.cancel(cancelled.run.metadata.id)
    eventually(lambda: not is_alive(pid), within_s=10)
    assert hatchet.runs.get_status(cancelled.run.metadata.id) is V1TaskStatus.CANCELLED

    late = hatchet.runs.create("e2e-hurried", {"n": 1})
    pid = began(installation, late)
    eventually(lambda: not is_alive(pid), within_s=10)
    eventually(lambda: hatchet.runs.get_status(late.run.metadata.id) is V1TaskStatus.FAILED, within_s=10)
    error = hatchet.runs.get(late.run.metadata.id).run.error_message or ""
    assert "Task exceeded timeout of 400ms" in error

    again = hatchet.runs.create("e2e-process", {"n": 8, "ms": 1})
    assert hatchet.runs.get_run_ref(again.run.metadata.id).result()["e2e-process"]["n"] == 8
