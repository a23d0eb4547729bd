"""`hatchet profile`: the servers that this user knows."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from hatchet_cli import output
from hatchet_cli.command import Display, command
from hatchet_cli.failure import CliError, UsageError

if TYPE_CHECKING:
    from hatchet_cli.profiles import Profile

app = typer.Typer(no_args_is_help=True, help="Manage the servers that you know, and their tokens. Alias: profiles.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the profile.")]


@app.command("add", epilog="Example:  hatchet profile add --name staging --token eyJhbGciOi...")
@command
def add(
    display: Display,
    token: Annotated[
        str | None,
        typer.Option("--token", "-t", help="The API token; - reads it from stdin. Without it you are asked."),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", "-n", help="Name of the profile. Without it: the tenant's name.")
    ] = None,
    tls_strategy: Annotated[
        str | None,
        typer.Option("--tls-strategy", help="none, tls or mtls. Without it: tls if the token's URL is https."),
    ] = None,
    default: Annotated[
        bool, typer.Option("--default", help="Make it the default profile.", show_default=False)
    ] = False,
) -> None:
    """Add a server by its token, or replace the profile of that name."""
    from hatchet_cli.profiles import ProfileFile

    profile = _profile_of(_token(token), name, tls_strategy)
    file = ProfileFile()
    profiles = file.load()
    profiles.put(profile)
    if default:
        profiles.default = profile.name
    file.save(profiles)
    if display.json:
        output.document(profile.public() | {"default": profiles.default == profile.name})
        return
    typer.echo(f"Profile {profile.name!r} added{' (the default)' if profiles.default == profile.name else ''}.")


def _token(given: str | None) -> str:
    from hatchet_cli.claims import tidy_token

    if given == "-":
        given = sys.stdin.read()
    elif given is None:
        if not sys.stdin.isatty():
            raise UsageError("No token was given.", "Give it with --token, or --token - to read it from stdin.")
        given = typer.prompt("Token", hide_input=True, err=True)
    return tidy_token(given or "")


def _profile_of(token: str, name: str | None, tls_strategy: str | None) -> "Profile":
    from dataclasses import replace

    from hatchet_cli.api import Api
    from hatchet_cli.claims import read_claims
    from hatchet_cli.profiles import TLS_STRATEGIES, Profile

    claims = read_claims(token)
    if tls_strategy is not None and tls_strategy not in TLS_STRATEGIES:
        raise UsageError(f"There is no TLS strategy {tls_strategy!r}.", f"Choose {', '.join(TLS_STRATEGIES)}.")
    strategy = tls_strategy or ("tls" if claims.server_url.startswith("https:") else "none")
    profile = Profile("new", token, claims.tenant_id, claims.grpc_address, claims.server_url, strategy)
    if name is None:
        try:
            with Api(profile) as api:
                name = str(api.tenant()["name"])
        except CliError as error:
            raise CliError(f"Cannot ask the server for the tenant's name: {error.message}", "Give a --name.") from error
    return replace(profile, name=name)


@app.command("list", epilog="Example:  hatchet profile list --json")
@command
def list_profiles(display: Display) -> None:
    """List the profiles."""
    from hatchet_cli.profiles import ProfileFile

    profiles = ProfileFile().load()
    if display.json:
        rows = [profile.public() for profile in profiles.by_name.values()]
        output.document({"default": profiles.default, "rows": rows})
        return
    if not profiles.by_name:
        output.note("No profiles. `hatchet server start` makes one, `hatchet profile add` takes a token.")
        return
    output.table(
        ("", "NAME", "REST", "GRPC", "TLS", "TENANT"),
        (
            ("*" if name == profiles.default else "", name, one.rest, one.grpc, one.tls_strategy, one.tenant_id)
            for name, one in profiles.by_name.items()
        ),
    )


@app.command("show", epilog='Example:  eval "$(hatchet profile show --env)"')
@command
def show(
    display: Display,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Name of the profile. Without it: the one in use.")
    ] = None,
    show_token: Annotated[bool, typer.Option("--show-token", help="Show the whole token.", show_default=False)] = False,
    env: Annotated[
        bool,
        typer.Option(
            "--env", help="Print shell commands that make programs use it, with the token.", show_default=False
        ),
    ] = False,
) -> None:
    """Show a profile, or print it as environment variables."""
    import shlex

    from hatchet_cli.target import chosen

    profile = chosen(name)
    if env and not display.json:
        for variable, value in profile.environment().items():
            typer.echo(f"export {variable}={shlex.quote(value)}")
        return
    shown = profile.public() | ({"token": profile.token} if show_token or env else {})
    if display.json:
        output.document(profile.environment() if env else shown)
    else:
        output.facts([(key.replace("_", " ").capitalize(), value) for key, value in shown.items()])


@app.command("remove", epilog="Example:  hatchet profile remove staging")
@command
def remove(name: Name, display: Display) -> None:
    """Forget a server. The token itself stays valid; see `hatchet token revoke`."""
    from hatchet_cli.profiles import ProfileFile

    file = ProfileFile()
    profiles = file.load()
    profiles.remove(name)
    file.save(profiles)
    if display.json:
        output.document({"removed": name, "default": profiles.default})
    else:
        typer.echo(f"Profile {name!r} removed.")


@app.command("set-default", epilog="Example:  hatchet profile set-default staging")
@command
def set_default(name: Name, display: Display) -> None:
    """Use this profile when no other is named."""
    from hatchet_cli.profiles import ProfileFile

    file = ProfileFile()
    profiles = file.load()
    profiles.default = profiles.named(name).name
    file.save(profiles)
    if display.json:
        output.document({"default": name})
    else:
        typer.echo(f"The default profile is {name!r}.")
