"""Which server a command talks to.

In this order: `--profile`; the variables `HATCHET_CLIENT_TOKEN` and friends; a server that runs on the data directory
of this project (`./.hatchet`); the default profile; the only profile.
"""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from hatchet_cli.command import Display
from hatchet_cli.failure import CliError
from hatchet_cli.profiles import Profile, ProfileFile

if TYPE_CHECKING:
    from hatchet_cli.api import Api


@dataclass(frozen=True, kw_only=True)
class Target(Display):
    """Whom to talk to, and how the answer is shown."""

    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            "-p",
            help="The profile to use. Without it: HATCHET_CLIENT_TOKEN, else the server that runs on ./.hatchet,"
            " else the default profile.",
            show_default=False,
        ),
    ] = None

    def api(self) -> "Api":
        from hatchet_cli.api import Api

        return Api(chosen(self.profile))


def chosen(name: str | None) -> Profile:
    """The profile to use.

    Raises:
        UsageError: there is no profile of that name.
        CliError: nothing says whom to talk to.
    """
    profile = find(name)
    if profile is None:
        raise CliError(
            "No server is known: there is no default profile, and no server runs on ./.hatchet.",
            "Start one with `hatchet server start`, or add one with `hatchet profile add`.",
        )
    return profile


def find(name: str | None) -> Profile | None:
    """Like `chosen`, but None if nothing says whom to talk to."""
    from hatchet_cli.local_server import running_in

    profiles = ProfileFile().load()
    if name is not None:
        return profiles.named(name)
    return from_environment() or running_in() or profiles.preferred()


def from_environment() -> Profile | None:
    """What the variables of the SDK say, if they hold a token."""
    from hatchet_cli.claims import read_claims, tidy_token

    token = tidy_token(os.environ.get("HATCHET_CLIENT_TOKEN", ""))
    if not token:
        return None
    claims = read_claims(token)
    return Profile(
        name="environment",
        token=token,
        tenant_id=os.environ.get("HATCHET_CLIENT_TENANT_ID") or claims.tenant_id,
        grpc=os.environ.get("HATCHET_CLIENT_HOST_PORT") or claims.grpc_address,
        rest=os.environ.get("HATCHET_CLIENT_SERVER_URL") or claims.server_url,
        tls_strategy=os.environ.get("HATCHET_CLIENT_TLS_STRATEGY") or "tls",
    )
