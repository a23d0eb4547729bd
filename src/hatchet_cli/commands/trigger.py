"""`hatchet trigger`: start a run."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from hatchet_cli.command import command
from hatchet_cli.run_request import MANUAL, RunRequest
from hatchet_cli.target import Target

EPILOG = """Examples:

  hatchet trigger send-email --input '{"to": "a@example.com"}' --wait

  hatchet trigger manual -w send-email -j input.json

  hatchet trigger nightly            (an entry of hatchet.yaml)
"""


@command
def trigger(
    target: Target,
    request: RunRequest,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="An entry of hatchet.yaml, else a workflow; `manual` takes the workflow from --workflow."
            " Without it, the entries of hatchet.yaml are listed.",
        ),
    ] = None,
) -> None:
    """Start a run of a workflow, or run a named trigger of hatchet.yaml."""
    from hatchet_cli import triggering
    from hatchet_cli.project import Project, load_project

    project = load_project(Path.cwd()) or Project()
    if name is None and request.workflow is None:
        name = triggering.choose(project, interactive=sys.stdin.isatty() and not target.json)
    entry = project.trigger(name) if name is not None and name != MANUAL else None
    if entry is not None:
        raise typer.Exit(triggering.run_entry(entry, target))
    workflow = triggering.workflow_of(name, request)
    if not triggering.run_workflow(workflow, request, target):
        raise typer.Exit(1)
