"""Running the engine for `hatchet server start`: settings, complaints, what is said when it is ready."""

import asyncio
import errno
import ipaddress
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from hatchet_cli import output
from hatchet_cli.commands.server import Logging, Place, Registration, Security
from hatchet_cli.failure import CliError, UsageError
from hatchet_cli.local_server import RunningServer, leave_note, running_server, strike_note
from hatchet_cli.profiles import ProfileFile
from hatchet_cli.token_desk import token_desk
from hatchet_engine.server.logs import configure_logs
from hatchet_engine.server.serve import ephemeral, loop_factory, serve
from hatchet_engine.server.server import Server
from hatchet_engine.server.settings import ServerSettings
from hatchet_engine.store.errors import StoreError, StoreInUse

STDIN = 0


def run(settings: ServerSettings, place: Place, registration: Registration, as_json: bool) -> None:
    """Run a server until it is stopped.

    Raises:
        CliError: it cannot start, with what to do about it.
    """
    configure_logs(settings.log_level, settings.log_format)
    where: AbstractContextManager[ServerSettings] = ephemeral(settings) if place.ephemeral else nullcontext(settings)
    with where as given:
        chosen = _with_ports(given, place.any_port)
        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                runner.run(_run(chosen, registration, as_json, keep_profile=not place.ephemeral))
        except StoreInUse as error:
            raise _in_use(chosen.data_dir, error) from error
        except PermissionError as error:
            raise CliError(
                f"Cannot use the data directory {chosen.data_dir}: {error}",
                "Make it writable for this user, or choose another with --data-dir.",
            ) from error
        except (OSError, StoreError, ValueError) as error:
            raise CliError(f"The server cannot start: {error}", f"Its data is in {chosen.data_dir}.") from error


def settings_of(place: Place, security: Security, logging: Logging) -> ServerSettings:
    """What the options say; the environment and the defaults say the rest.

    Raises:
        UsageError: a value is wrong, or two do not go together.
    """
    from pydantic import ValidationError

    given = {**asdict(place), **asdict(security), **asdict(logging)}
    values: dict[str, Any] = {
        name: value for name, value in given.items() if value is not None and name in ServerSettings.model_fields
    }
    try:
        return ServerSettings(**values)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}".removeprefix(": ") for one in error.errors()]
        raise UsageError(
            "The settings are wrong: " + "; ".join(lines), "See `hatchet server start --help`, and HATCHET_SERVER_*."
        ) from error


def _with_ports(settings: ServerSettings, any_port: bool) -> ServerSettings:
    """The settings with ports that can be had.

    Raises:
        CliError: a port is in use, or the address is not ours.
    """
    changes = {}
    for field, port in (("grpc_port", settings.grpc_port), ("rest_port", settings.rest_port)):
        family = socket.AF_INET6 if ":" in settings.bind else socket.AF_INET
        try:
            socket.create_server((settings.bind, port), family=family).close()
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise CliError(
                    f"Cannot listen on {settings.bind}: {_reason(error)}.",
                    "Give an address of this machine with --bind; 0.0.0.0 is all of them.",
                ) from error
            if not any_port:
                raise _port_refused(settings, field, error) from error
            changes[field] = 0
    return settings.model_copy(update=changes)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).partition(" (while")[0].lower()


def _port_refused(settings: ServerSettings, field: str, error: OSError) -> CliError:
    running = running_server(settings.data_dir)
    if running is not None:
        return _already_running(running)
    option = "--" + field.replace("_", "-")
    return CliError(
        f"Cannot listen on {settings.bind}, port {getattr(settings, field)}: {_reason(error)}.",
        f"Stop the program that uses it, choose another with {option} (0 = any free one), or add --any-port.",
    )


def _in_use(data_directory: Path, error: StoreInUse) -> CliError:
    running = running_server(data_directory)
    if running is not None:
        return _already_running(running)
    return CliError(f"The data directory is in use: {error}.", "Stop that server, or choose another with --data-dir.")


def _already_running(running: RunningServer) -> CliError:
    return CliError(
        f"A server runs on this data directory already: process {running.pid}, REST {running.rest},"
        f" gRPC {running.grpc}.",
        f"Use it, stop it with `kill {running.pid}`, or choose another directory with --data-dir.",
    )


async def _run(settings: ServerSettings, registration: Registration, as_json: bool, keep_profile: bool) -> None:
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(settings, ready.set_result, stop))
    await asyncio.wait({serving, ready}, return_when=asyncio.FIRST_COMPLETED)
    if not serving.done():
        try:
            async with _announced(ready.result(), registration, as_json, keep_profile):
                if registration.until_stdin_ends:
                    _stop_at_end_of_stdin(stop.set)
                await asyncio.wait({serving})
        finally:
            stop.set()
    await serving


@asynccontextmanager
async def _announced(
    server: Server, registration: Registration, as_json: bool, keep_profile: bool
) -> AsyncIterator[None]:
    """Others can find the server inside this block, and manage its tokens."""
    async with token_desk(server) as socket_path:
        running = RunningServer(
            pid=os.getpid(),
            grpc=server.grpc_address,
            rest=server.rest_url,
            tenant_id=server.tenant_id,
            token=server.token,
            tls_strategy=server.settings.tls_strategy,
            data_dir=str(server.settings.data_dir.absolute()),
            token_desk=socket_path,
        )
        leave_note(running)
        try:
            written = _write_profile(running, registration) if keep_profile else ""
            if as_json:
                output.json_line({**asdict(running), "profile": written or None})
            else:
                _show(running, written, server.settings.bind)
            yield
        finally:
            strike_note(running)


def _write_profile(running: RunningServer, registration: Registration) -> str:
    """Write the profile; returns its name, or nothing. A server does not depend on somebody's home directory."""
    if registration.no_profile:
        return ""
    file = ProfileFile()
    try:
        profiles = file.load()
        profiles.put(running.profile(registration.profile_name))
        file.save(profiles)
    except CliError as error:
        output.problem(f"No profile was written: {error.message}", error.hint)
        return ""
    return registration.profile_name


def _show(running: RunningServer, profile: str, bind: str) -> None:
    lines = [
        "Hatchet is running.",
        "",
        f"  REST     {running.rest}",
        f"  gRPC     {running.grpc}{'' if running.tls_strategy == 'none' else f' ({running.tls_strategy})'}",
        f"  data     {running.data_dir}",
    ]
    if profile:
        lines.append(f"  profile  {profile}, in {ProfileFile().path}")
    lines += [
        "",
        "Next, in another terminal:",
        "  hatchet worker dev                             run your worker, with reload on changes",
        "  hatchet trigger WORKFLOW --input '{}' --wait   run a workflow",
        "  hatchet runs list                              see what happened",
        '  eval "$(hatchet profile show --env)"           let your own programs use this server',
        "",
        "Ctrl+C stops it.",
    ]
    typer.echo("\n".join(lines))
    if running.tls_strategy == "none" and not _is_loopback(bind):
        output.problem(
            f"This server listens on {bind} without TLS: tokens and payloads cross the network in clear text.",
            "Give --tls-cert-file and --tls-key-file, or put it behind a proxy that does TLS.",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _stop_at_end_of_stdin(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()

    def readable() -> None:
        if not os.read(STDIN, 4096):
            loop.remove_reader(STDIN)
            stop()

    loop.add_reader(STDIN, readable)
