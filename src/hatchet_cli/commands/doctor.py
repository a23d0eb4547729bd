"""`hatchet doctor`: is the database sound?"""

from pathlib import Path
from typing import Annotated

import typer

from hatchet_cli import output
from hatchet_cli.command import Display, command

EPILOG = "Example:  hatchet doctor --data-dir /var/lib/hatchet --json"


@command
def doctor(
    display: Display,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            "--data-dir", help="The data directory to look at; a server may run on it. Without it: .hatchet"
            , show_default=False,
        ),
    ] = None,
) -> None:  # fmt: skip
    """Check the database of a server, without changing anything; exit code 1 if something is wrong."""
    from hatchet_cli.checkup import examine
    from hatchet_cli.local_server import local_data_directory

    diagnosis = examine(data_dir or local_data_directory())
    if display.json:
        output.document(diagnosis.document())
    else:
        diagnosis.show()
    if diagnosis.findings:
        raise typer.Exit(1)
