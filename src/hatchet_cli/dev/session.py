"""One `hatchet worker dev`, from the first command to the last."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hatchet_cli import target
from hatchet_cli.dev.engine import EmbeddedEngine
from hatchet_cli.dev.process import WorkerProcess
from hatchet_cli.dev.report import say, warn
from hatchet_cli.dev.start_command import split_command, start_command
from hatchet_cli.dev.supervisor import Supervisor
from hatchet_cli.dev.watch import CodeWatcher, FilePatterns
from hatchet_cli.failure import CliError
from hatchet_cli.local_server import local_data_directory
from hatchet_cli.profiles import Profile
from hatchet_cli.project import Project, load_project


@dataclass(frozen=True, slots=True)
class DevOptions:
    """What the user asked for. `grace_s`: how long an old worker may drain, in seconds."""

    target: str | None
    run_command: str | None
    reload: bool
    grace_s: float
    profile: str | None


async def run_session(options: DevOptions) -> int:
    """Run the worker of the current directory until it is stopped; returns the exit code.

    Raises:
        CliError: nothing says what to run, a command of `preCmds` fails, or no engine can be reached.
    """
    directory = Path.cwd()
    project = load_project(directory) or Project()
    command = start_command(options.target, options.run_command, project, directory, os.environ)
    async with _engine(options.profile) as (profile, engine):
        environment = {**os.environ, **profile.environment(), "PYTHONUNBUFFERED": "1"}
        await _run_first(project, directory, environment)

        async def launch() -> WorkerProcess:
            return await WorkerProcess.start(command, environment, directory)

        watching = options.reload and project.dev.reload
        supervisor = Supervisor(launch, options.grace_s, keep_alive=watching)
        watcher = CodeWatcher(directory, FilePatterns(project.dev.files)) if watching else None
        with _signals(supervisor), _engine_watch(engine, supervisor):
            return await supervisor.run(watcher.changes() if watcher else None)


@asynccontextmanager
async def _engine(profile_name: str | None) -> AsyncIterator[tuple[Profile, EmbeddedEngine | None]]:
    """The server to use: one that runs, or an engine that ends with us."""
    profile = await asyncio.to_thread(target.find, profile_name)
    if profile is not None and await asyncio.to_thread(profile.answers):
        say(f"using the server at {profile.rest} (profile {profile.name!r})")
        yield profile, None
        return
    if profile is not None and (profile_name is not None or profile.name == "environment"):
        raise CliError(
            f"Nothing answers at {profile.rest} (profile {profile.name!r}).",
            "Start that server, or leave the profile out: then an engine is started for you.",
        )
    data_directory = local_data_directory()
    say(f"no server runs: starting an engine for this session (data in {data_directory})")
    engine = await EmbeddedEngine.start(data_directory)
    try:
        say(f"engine ready: REST {engine.profile.rest}, gRPC {engine.profile.grpc}")
        say("other terminals in this directory use it too, e.g.: hatchet trigger NAME --input '{}' --wait")
        yield engine.profile, engine
    finally:
        await engine.stop()


async def _run_first(project: Project, directory: Path, environment: dict[str, str]) -> None:
    for text in project.dev.pre_commands:
        say(f"running: {text}")
        words = split_command(text, directory, environment)
        process = await asyncio.create_subprocess_exec(*words, env=environment, cwd=directory)
        code = await process.wait()
        if code != 0:
            raise CliError(f"The command of dev.preCmds failed (exit code {code}): {text}")


@contextmanager
def _signals(supervisor: Supervisor) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, supervisor.stop)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


@contextmanager
def _engine_watch(engine: EmbeddedEngine | None, supervisor: Supervisor) -> Iterator[None]:
    """Without its engine a worker has nothing to do: end together."""
    if engine is None:
        yield
        return

    def ended(task: "asyncio.Task[int]") -> None:
        if not task.cancelled():
            warn(f"the engine ended (exit code {task.result()})")
            supervisor.stop()

    watch = asyncio.create_task(engine.exited())
    watch.add_done_callback(ended)
    try:
        yield
    finally:
        watch.cancel()
