"""`hatchet trigger`, against answers of the API."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.cli.fake_rest import RUN, TENANT, WORKFLOW, FakeRest, metadata, run_details

TRIGGER = f"POST /api/v1/stable/tenants/{TENANT}/workflow-runs/trigger"
DETAILS = f"GET /api/v1/stable/workflow-runs/{RUN}"
WORKFLOWS = f"GET /api/v1/tenants/{TENANT}/workflows"


@pytest.fixture
def accepting(rest: FakeRest) -> FakeRest:
    """A server that accepts every run."""
    rest.routes[TRIGGER] = run_details(status="QUEUED")
    return rest


def project(text: str) -> None:
    Path("hatchet.yaml").write_text(text)


def test_the_short_form(cli: Cli, accepting: FakeRest) -> None:
    result = cli.ok(
        *("trigger", "greet", "--input", '{"name": "Ada"}', "--metadata", '{"customer": 42}', "--priority", "3")
    )
    assert result.stdout.strip() == RUN
    assert accepting.bodies(TRIGGER) == [
        {
            "workflowName": "greet",
            "input": {"name": "Ada"},
            "additionalMetadata": {"customer": 42},
            "priority": 3,
            "return_only_id": True,
        }
    ]


def test_json_names_run_and_workflow(cli: Cli, accepting: FakeRest) -> None:
    assert cli.document("trigger", "greet") == {"runId": RUN, "workflow": "greet"}


def test_manual_takes_the_input_from_a_file_or_stdin(cli: Cli, accepting: FakeRest) -> None:
    Path("input.json").write_text('{"n": 1}')
    cli.ok("trigger", "manual", "-w", "greet", "-j", "input.json")
    cli.ok("trigger", "manual", "-w", "greet", "-j", "-", stdin='{"n": 2}')
    assert [body["input"] for body in accepting.bodies(TRIGGER)] == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize(
    "words",
    [
        ("greet", "--input", "{nope"),
        ("greet", "--input", "[1]"),
        ("greet", "--input", "{}", "-j", "-"),
        ("greet", "-j", "missing.json"),
        ("greet", "--metadata", "1"),
        ("greet", "--priority", "4"),
        ("greet", "-w", "other"),
        ("manual",),
        (),
    ],
)
def test_what_cannot_work_is_a_usage_error(cli: Cli, accepting: FakeRest, words: tuple[str, ...]) -> None:
    assert cli.failure("trigger", *words).exit_code == 2
    assert accepting.bodies(TRIGGER) == []


def test_an_unknown_workflow_is_named_with_similar_ones(cli: Cli, rest: FakeRest) -> None:
    rest.routes[TRIGGER] = lambda *_: (400, {"errors": [{"description": "workflow not found"}]})
    rest.routes[WORKFLOWS] = {"rows": [{"name": "greeting", "metadata": metadata(WORKFLOW)}]}
    result = cli.failure("trigger", "greet")
    assert result.exit_code == 1
    assert "'greet'" in result.stderr
    assert "greeting" in result.stderr


def answer_in_turn(*values: Any) -> Any:
    left = list(values)
    return lambda *_: (200, left.pop(0) if len(left) > 1 else left[0])


def test_wait_prints_the_output(cli: Cli, accepting: FakeRest) -> None:
    accepting.routes[f"{DETAILS}/status"] = answer_in_turn("QUEUED", "RUNNING", "COMPLETED")
    accepting.routes[DETAILS] = run_details()
    assert json.loads(cli.ok("trigger", "greet", "--wait").stdout) == {"text": "hi"}
    assert cli.document("trigger", "greet", "--wait") == {
        "runId": RUN,
        "workflow": "greet",
        "status": "COMPLETED",
        "output": {"text": "hi"},
        "error": None,
    }


def test_wait_for_a_run_that_fails(cli: Cli, accepting: FakeRest) -> None:
    accepting.routes[f"{DETAILS}/status"] = "FAILED"
    accepting.routes[DETAILS] = run_details(status="FAILED", output={}, errorMessage="ValueError: no name")
    result = cli.failure("trigger", "greet", "--wait")
    assert result.exit_code == 1
    assert "ValueError: no name" in result.stderr
    as_json = cli("trigger", "greet", "--wait", "--json")
    assert as_json.exit_code == 1
    assert json.loads(as_json.stdout)["error"] == "ValueError: no name"


def test_wait_gives_up_after_the_timeout(cli: Cli, accepting: FakeRest) -> None:
    accepting.routes[f"{DETAILS}/status"] = "QUEUED"
    result = cli.failure("trigger", "greet", "--wait", "--timeout", "100ms")
    assert RUN in result.stderr
    assert "hatchet runs get" in result.stderr


def test_a_named_trigger_runs_its_command_with_the_token(cli: Cli, rest: FakeRest) -> None:
    script = "import os, sys; open('said', 'w').write(os.environ['HATCHET_CLIENT_TOKEN']); sys.exit(5)"
    Path("run.py").write_text(script)
    project(f"triggers: [{{name: nightly, command: {sys.executable} run.py}}]")
    assert cli("trigger", "nightly").exit_code == 5
    assert Path("said").read_text() == "ey.fake.token"


def test_without_a_name_the_triggers_are_listed(cli: Cli, rest: FakeRest) -> None:
    project("triggers: [{name: nightly, command: python run.py}, {name: first, command: python run.py}]")
    result = cli.failure("trigger")
    assert result.exit_code == 2
    assert "nightly, first" in result.stderr
