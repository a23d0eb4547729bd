"""`hatchet token`: the API tokens of a server on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from hatchet_cli import output
from hatchet_cli.command import Display, command
from hatchet_cli.failure import UsageError

app = typer.Typer(
    no_args_is_help=True,
    help="Make, list and revoke API tokens, on the machine of the server. Alias: tokens.",
)

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="The server's data directory; whoever may write there may manage its tokens. Without it: .hatchet",
        show_default=False,
    ),
]


@app.command("create", epilog="Example:  hatchet token create --name ci --expires 90d")
@command
def create(
    display: Display,
    name: Annotated[str, typer.Option("--name", "-n", help="What the token is for.")] = "cli",
    expires: Annotated[
        str | None,
        typer.Option("--expires", help="How long it is valid: 12h, 90d. Without it: the server's usual time."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Make a token and print it. It is shown this once."""
    from hatchet_cli.moments import parse_duration_s
    from hatchet_cli.token_office import token_office

    lifetime_s = parse_duration_s(expires) if expires else None
    if lifetime_s is not None and lifetime_s < 1:
        raise UsageError("A token must be valid for a second at least.", "Give --expires e.g. 12h or 90d.")
    with token_office(data_dir) as office:
        made = office.create(name, lifetime_s)
    if display.json:
        output.document(made)
        return
    typer.echo(made["token"])
    output.note(f"Token {made['id']} ({name}). On another machine: hatchet profile add --token ...")


@app.command("list", epilog="Example:  hatchet token list --json")
@command
def list_tokens(display: Display, data_dir: DataDir = None) -> None:
    """List the tokens. The tokens themselves are not kept, only their ids."""
    from hatchet_cli.token_office import token_office

    with token_office(data_dir) as office:
        rows = office.list()
    if display.json:
        output.document({"rows": rows})
        return
    output.table(
        ("ID", "NAME", "STATE", "CREATED", "EXPIRES"),
        (
            (row["id"], row["name"], row["state"], output.moment(row["created_at"]), output.moment(row["expires_at"]))
            for row in rows
        ),
    )


@app.command("revoke", epilog="Example:  hatchet token revoke 01998c5e-0000-7000-8000-000000000000")
@command
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="TOKEN_ID", help="Id of the token; see `hatchet token list`.")],
    display: Display,
    data_dir: DataDir = None,
) -> None:
    """Make a token invalid, at once, also on a server that runs."""
    from hatchet_cli.run_filter import checked_id
    from hatchet_cli.token_office import token_office

    with token_office(data_dir) as office:
        office.revoke(checked_id(token_id, "token"))
    if display.json:
        output.document({"revoked": token_id})
    else:
        typer.echo(f"Token {token_id} is revoked.")
