"""An engine for one `hatchet worker dev`: a child process that ends with it."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Self

from hatchet_cli.failure import CliError
from hatchet_cli.profiles import Profile

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 15.0


class EmbeddedEngine:
    """A `hatchet server start` whose stdin is ours: when we end, however that happens, it reads the end and stops."""

    def __init__(self, process: asyncio.subprocess.Process, profile: Profile) -> None:
        self._process = process
        self.profile = profile
        self.pid = process.pid

    @classmethod
    async def start(cls, data_directory: Path) -> Self:
        """Start it and wait until it answers.

        Args:
            data_directory: where its database is, made if absent.

        Raises:
            CliError: it does not start.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "hatchet_cli", "server", "start", "--json", "--until-stdin-ends", "--no-profile",
            "--any-port", "--data-dir", str(data_directory), "--log-level", "warning",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                said = await _first_document(process)
        except TimeoutError as error:
            process.kill()
            raise CliError(f"The engine does not start within {START_TIMEOUT_S:g} s.") from error
        except BaseException:
            process.kill()
            raise
        if "token" not in said:
            raise CliError(f"The engine does not start: {said.get('error', 'see above')}", said.get("hint", ""))
        profile = Profile(
            "embedded", said["token"], said["tenant_id"], said["grpc"], said["rest"], said["tls_strategy"]
        )
        return cls(process, profile)

    async def exited(self) -> int:
        return await self._process.wait()

    async def stop(self) -> None:
        """Let it finish its commits; returns when it has ended."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


async def _first_document(process: asyncio.subprocess.Process) -> dict[str, str]:
    """The JSON on its stdout: one line when it is ready, or an error document to the end."""
    if process.stdout is None:
        raise CliError("The engine has no stdout.")
    text = await process.stdout.readline()
    try:
        document: dict[str, str] = json.loads(text)
        return document
    except ValueError:
        text += await process.stdout.read()
    try:
        failure: dict[str, str] = json.loads(text)
    except ValueError:
        return {}
    return failure
