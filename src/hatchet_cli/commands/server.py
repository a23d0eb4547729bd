"""`hatchet server`: the engine."""

from dataclasses import dataclass
from typing import Annotated

import typer

from hatchet_cli.command import Display, command

app = typer.Typer(no_args_is_help=True, help="Run the engine. Aliases: servers, srv.")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the engine keeps its data, and where it listens."""

    data_dir: Annotated[
        str | None,
        typer.Option("--data-dir", help="Directory of the database and keys. Without it: .hatchet", show_default=False),
    ] = None
    grpc_port: Annotated[
        int | None,
        typer.Option(
            "--grpc-port",
            "-g",
            min=0,
            max=65535,
            show_default=False,
            help="Port for workers and clients; 0 = any free one. Without it: 7077",
        ),
    ] = None
    rest_port: Annotated[
        int | None,
        typer.Option(
            "--rest-port",
            min=0,
            max=65535,
            show_default=False,
            help="Port of the REST API; 0 = any free one. Without it: 8888",
        ),
    ] = None
    any_port: Annotated[
        bool,
        typer.Option("--any-port", help="Take another free port if one is in use.", show_default=False),
    ] = False
    bind: Annotated[
        str | None,
        typer.Option("--bind", show_default=False,
                     help="Address to listen on; 0.0.0.0 = every network. Without it: 127.0.0.1"),
    ] = None  # fmt: skip
    ephemeral: Annotated[
        bool,
        typer.Option(
            "--ephemeral",
            show_default=False,
            help="Free ports and a temporary data directory that is deleted at the end; no profile is written.",
        ),
    ] = False


@dataclass(frozen=True, kw_only=True)
class Security:
    """TLS of the gRPC and REST listeners."""

    tls_cert_file: Annotated[
        str | None,
        typer.Option(
            "--tls-cert-file", help="PEM file with the server's certificate: turns TLS on.", show_default=False
        ),
    ] = None
    tls_key_file: Annotated[
        str | None,
        typer.Option("--tls-key-file", help="PEM file with the certificate's private key.", show_default=False),
    ] = None
    tls_root_ca_file: Annotated[
        str | None,
        typer.Option(
            "--tls-root-ca-file", show_default=False, help="PEM file with the CA of client certificates: turns mTLS on."
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class Logging:
    """What the engine says on stderr."""

    log_level: Annotated[
        str | None,
        typer.Option("--log-level", help="debug, info, warning or error. Without it: info", show_default=False),
    ] = None
    log_format: Annotated[
        str | None, typer.Option("--log-format", help="text or json. Without it: text", show_default=False)
    ] = None


@dataclass(frozen=True, kw_only=True)
class Registration:
    """How others learn about the server."""

    profile_name: Annotated[
        str, typer.Option("--profile-name", "-n", help="Profile that is written with the address and a token.")
    ] = "local"
    no_profile: Annotated[bool, typer.Option("--no-profile", help="Write no profile.", show_default=False)] = False
    until_stdin_ends: Annotated[bool, typer.Option("--until-stdin-ends", hidden=True, help="Stop when stdin ends.")] = (
        False
    )


@app.command("start", epilog="Example:  hatchet server start --data-dir /var/lib/hatchet --bind 0.0.0.0")
@command
def start(display: Display, place: Place, security: Security, logging: Logging, registration: Registration) -> None:
    """Start the engine and keep it in the foreground until Ctrl+C.

    The first start makes the database, a tenant and an API token, and writes the profile that the other commands use.
    Every setting can also be given in the environment, as HATCHET_SERVER_DATA_DIR, HATCHET_SERVER_GRPC_PORT and so on.
    With --json one line is printed when the engine is ready.
    """
    from hatchet_cli import serving

    settings = serving.settings_of(place, security, logging)
    serving.run(settings, place, registration, display.json)
