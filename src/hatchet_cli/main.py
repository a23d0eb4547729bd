"""The `hatchet` command: its groups, and nothing that takes long to import."""

from typing import Annotated, Any

try:
    import typer
    from typer.core import TyperGroup
except ModuleNotFoundError:
    raise SystemExit("The hatchet command is an extra: pip install 'hatchet-py[server,cli]'") from None

from hatchet_cli.commands import doctor, profile, runs, server, token, trigger, worker, workflows

ORDER = ("server", "worker", "trigger", "runs", "workflows", "profile", "token", "doctor")


class InOrder(TyperGroup):
    """Lists the commands as one meets them, instead of commands first and groups after them."""

    def list_commands(self, ctx: Any) -> list[str]:
        names = super().list_commands(ctx)
        return sorted(names, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))


app = typer.Typer(
    name="hatchet",
    cls=InOrder,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
    help="Run durable tasks: start a server, run workers, trigger runs and look at them.",
    epilog="First steps:  hatchet server start   then, in your project:  hatchet worker dev   hatchet trigger NAME",
)

GROUPS = (
    (server.app, "server", ("servers", "srv")),
    (worker.app, "worker", ("workers", "wrk")),
    (runs.app, "runs", ("run",)),
    (workflows.app, "workflows", ("workflow",)),
    (token.app, "token", ("tokens",)),
    (profile.app, "profile", ("profiles", "prof")),
)
for group, name, aliases in GROUPS:
    app.add_typer(group, name=name)
    for alias in aliases:
        app.add_typer(group, name=alias, hidden=True)
app.command("trigger", epilog=trigger.EPILOG)(trigger.trigger)
app.command("doctor", epilog=doctor.EPILOG)(doctor.doctor)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"hatchet {version('hatchet-py')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", "-v", help="Print the version and leave.", callback=_show_version, is_eager=True,
            show_default=False,
        ),
    ] = False,
) -> None:  # fmt: skip
    """Shown by `hatchet --help`; the text is the app's."""


def main() -> None:
    """Entry point of the `hatchet` script."""
    app()
