"""What the commands print. Answers go to stdout, everything else to stderr.

rich is imported when something is shown, not when the command line is parsed.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

PIPED_WIDTH = 240
"""Columns when the output is no terminal, so that ids are not cut for the next program."""

STATUS_STYLES = {
    "QUEUED": "yellow",
    "RUNNING": "cyan",
    "COMPLETED": "green",
    "FAILED": "red",
    "CANCELLED": "magenta",
    "ACTIVE": "green",
    "PAUSED": "yellow",
    "INACTIVE": "dim",
}


def document(value: object) -> None:
    """Print one JSON document on stdout."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def json_line(value: object) -> None:
    """Print one line of JSON on stdout, at once."""
    typer.echo(json.dumps(value, ensure_ascii=False))
    sys.stdout.flush()


def console(stderr: bool = False) -> "Console":
    """A console that never reads markup out of what users wrote."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPED_WIDTH
    return Console(stderr=stderr, width=width, markup=False, highlight=False, emoji=False)


def note(text: str) -> None:
    """A remark for the person at the terminal."""
    console(stderr=True).print(text, style="dim")


def problem(message: str, hint: str = "") -> None:
    """An error and what to do next, on stderr."""
    from rich.text import Text

    screen = console(stderr=True)
    screen.print(Text.assemble(("Error: ", "bold red"), message), soft_wrap=True)
    if hint:
        screen.print(hint, soft_wrap=True)


def table(columns: Sequence[str], rows: Iterable[Sequence["str | Text"]]) -> None:
    """Print rows under a header; nothing is cut on a pipe."""
    from rich.table import Table

    grid = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        grid.add_column(column, no_wrap=column == "ID", overflow="fold")
    for row in rows:
        grid.add_row(*row)
    console().print(grid)


def facts(pairs: Iterable[tuple[str, "str | Text"]]) -> None:
    """Print `name  value` lines; pairs without a value are left out."""
    from rich.table import Table

    grid: Table = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in pairs:
        if value:
            grid.add_row(name, value)
    console().print(grid)


def heading(text: str) -> None:
    console().print(f"\n{text}", style="bold")


def status(value: str) -> "Text":
    """A status in its colour."""
    from rich.text import Text

    return Text(value, style=STATUS_STYLES.get(value, ""))


def payload(value: object) -> str:
    """A JSON value for people: text as it is, anything else indented."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def moment(text: str | None) -> str:
    """An RFC 3339 time in the local time zone, to the millisecond."""
    if not text:
        return ""
    return datetime.fromisoformat(text).astimezone().isoformat(sep=" ", timespec="milliseconds")


def ago(text: str | None) -> str:
    """How long ago an RFC 3339 time was: `3s ago`."""
    if not text:
        return ""
    seconds = (datetime.now(UTC) - datetime.fromisoformat(text)).total_seconds()
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit} ago"
    return f"{max(0, int(seconds))}s ago"


def duration(milliseconds: float | None) -> str:
    """A duration for people: `12ms`, `3.4s`, `2m 05s`."""
    if milliseconds is None:
        return ""
    if milliseconds < 1_000:
        return f"{milliseconds:.0f}ms"
    seconds = milliseconds / 1_000
    if seconds < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02d}m" if hours else f"{minutes}m {rest:02d}s"
