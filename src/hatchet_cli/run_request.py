"""The options of `hatchet trigger`."""

from dataclasses import dataclass
from typing import Annotated

import typer

MANUAL = "manual"
"""The name that stands for no entry of `hatchet.yaml`: the workflow is given by an option."""


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """What to run with which input."""

    workflow: Annotated[
        str | None,
        typer.Option("--workflow", "-w", help="With `manual`: name of the workflow to run.", show_default=False),
    ] = None
    input: Annotated[
        str | None, typer.Option("--input", "-i", help="The input, a JSON object.", show_default=False)
    ] = None
    input_file: Annotated[
        str | None,
        typer.Option("--input-file", "-j", help="File with the input, a JSON object; - is stdin.", show_default=False),
    ] = None
    metadata: Annotated[
        str | None, typer.Option("--metadata", "-m", help="Additional metadata, a JSON object.", show_default=False)
    ] = None
    priority: Annotated[
        int | None, typer.Option("--priority", help="1 (low) to 3 (high).", min=1, max=3, show_default=False)
    ] = None
    wait: Annotated[
        bool,
        typer.Option("--wait", help="Wait for the end and print the output; exit code 1 if it failed."),
    ] = False
    timeout: Annotated[
        str | None,
        typer.Option("--timeout", help="With --wait: how long at most, e.g. 30s or 5m.", show_default=False),
    ] = None
