"""Starting runs: through the API, or by the commands that `hatchet.yaml` names."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from hatchet_cli import output
from hatchet_cli.api import Api, Document
from hatchet_cli.failure import CliError, UsageError
from hatchet_cli.moments import parse_duration_s
from hatchet_cli.project import EXAMPLE, Project, Trigger
from hatchet_cli.run_filter import workflow_named
from hatchet_cli.run_logs import TERMINAL
from hatchet_cli.run_request import MANUAL, RunRequest
from hatchet_cli.target import Target, chosen

FIRST_POLL_S = 0.05
LONGEST_POLL_S = 1.0


def choose(project: Project, interactive: bool) -> str:
    """Let the user choose one of the named triggers.

    Raises:
        UsageError: there are none, or nobody can be asked.
    """
    if not project.triggers:
        raise UsageError(
            "Name the workflow to run: there are no triggers in a hatchet.yaml here.",
            f"hatchet trigger WORKFLOW --input '{{}}'. Named triggers look like this:\n\n{EXAMPLE}",
        )
    lines = [f"{position}. {trigger.name}  {trigger.description}" for position, trigger in _numbered(project.triggers)]
    if not interactive:
        names = ", ".join(trigger.name for trigger in project.triggers)
        raise UsageError("Name the trigger to run.", f"hatchet.yaml has: {names}.")
    typer.echo("\n".join(lines), err=True)
    number = typer.prompt("Run which", type=int, err=True)
    if not 1 <= number <= len(project.triggers):
        raise UsageError(f"There is no trigger {number}.")
    return str(project.triggers[number - 1].name)


def _numbered(triggers: Sequence[Trigger]) -> list[tuple[int, Trigger]]:
    return list(enumerate(triggers, 1))


def run_entry(entry: Trigger, target: Target) -> int:
    """Run a command of `hatchet.yaml` with the server's token in its environment; returns its exit code.

    Raises:
        UsageError: the program does not exist.
    """
    from hatchet_cli.dev.start_command import split_command

    environment = {**os.environ, **chosen(target.profile).environment()}
    words = split_command(entry.command, Path.cwd(), environment)
    code = subprocess.run(words, env=environment, check=False).returncode
    return code if code >= 0 else 1


def workflow_of(name: str | None, request: RunRequest) -> str:
    """The workflow that the user means.

    Raises:
        UsageError: none or two are named.
    """
    if name in (None, MANUAL):
        if request.workflow is None:
            raise UsageError("Name the workflow to run.", "hatchet trigger manual --workflow NAME --input-file FILE")
        return request.workflow
    if request.workflow is not None:
        raise UsageError(f"Two workflows are named: {name} and {request.workflow}.")
    return str(name)


def run_workflow(workflow: str, request: RunRequest, target: Target) -> bool:
    """Start a run, wait for it if asked to, and print it.

    Returns:
        False if it was waited for and did not complete.

    Raises:
        UsageError: the input is no JSON object.
        CliError: the server refuses, or the run takes longer than the timeout.
    """
    body: Document = {"workflowName": workflow, "input": _input(request), "return_only_id": True}
    if request.metadata is not None:
        body["additionalMetadata"] = _json_object(request.metadata, "--metadata")
    if request.priority is not None:
        body["priority"] = request.priority
    timeout_s = parse_duration_s(request.timeout) if request.timeout else None
    with target.api() as api:
        run_id = str(_trigger(api, workflow, body)["run"]["metadata"]["id"])
        if request.wait:
            run = _finished(api, run_id, timeout_s)
            _show_finished(run, workflow, target.json)
            return bool(run["status"] == "COMPLETED")
    if target.json:
        output.document({"runId": run_id, "workflow": workflow})
    else:
        typer.echo(run_id)
        output.note(f"See it with: hatchet runs get {run_id}")
    return True


def _trigger(api: Api, workflow: str, body: Document) -> Document:
    try:
        return api.trigger(body)
    except CliError:
        workflow_named(api, workflow)  # says more if the name is wrong
        raise


def _finished(api: Api, run_id: str, timeout_s: float | None) -> Document:
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    pause = FIRST_POLL_S
    while api.run_status(run_id) not in TERMINAL:
        if deadline is not None and time.monotonic() > deadline:
            raise CliError(
                f"The run {run_id} is not finished after {timeout_s:g} s; it goes on.",
                f"See why with: hatchet runs get {run_id}",
            )
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_POLL_S)
    run: Document = api.run(run_id)["run"]
    return run


def _show_finished(run: Document, workflow: str, as_json: bool) -> None:
    run_id, error = run["metadata"]["id"], run.get("errorMessage") or None
    if as_json:
        shown = {"runId": run_id, "workflow": workflow, "status": run["status"], "output": run["output"]}
        output.document(shown | {"error": error})
    elif run["status"] == "COMPLETED":
        typer.echo(output.payload(run["output"]))
    else:
        reason = f":\n{error}" if error else "."
        output.problem(f"The run {run_id} {run['status'].lower()}{reason}", f"See hatchet runs get {run_id}")


def _input(request: RunRequest) -> dict[str, Any]:
    if request.input is not None and request.input_file is not None:
        raise UsageError("Give either --input or --input-file, not both.")
    if request.input_file is None:
        return _json_object(request.input if request.input is not None else "{}", "--input")
    if request.input_file == "-":
        return _json_object(sys.stdin.read(), "The input on stdin")
    try:
        text = Path(request.input_file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Cannot read the input file {request.input_file}: {error}") from error
    return _json_object(text, request.input_file)


def _json_object(text: str, what: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{what} is not JSON: {error}", """Write a JSON object, e.g. '{"name": "Ada"}'.""") from error
    if not isinstance(value, dict):
        raise UsageError(f"{what} must be a JSON object.", """Write e.g. '{"name": "Ada"}'.""")
    return value
