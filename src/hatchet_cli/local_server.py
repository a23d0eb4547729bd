"""The note that a server leaves in its data directory: where it listens, and a token.

Commands that are called in the project's directory find the server by it, and a second server learns who has the
directory. Only its owner can read it. A server that has ended struck its note, or answers no more.
"""

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from hatchet_cli.profiles import Profile, write_secret

NOTE = "server.json"
DEFAULT_DATA_DIRECTORY = ".hatchet"


@dataclass(frozen=True, slots=True)
class RunningServer:
    """`rest` is a URL, `grpc` is `host:port`, `token_desk` a socket (token_desk.py). `pid` is 0 once it has ended."""

    pid: int
    grpc: str
    rest: str
    tenant_id: str
    token: str
    tls_strategy: str
    data_dir: str
    token_desk: str

    def profile(self, name: str) -> Profile:
        return Profile(name, self.token, self.tenant_id, self.grpc, self.rest, self.tls_strategy)

    def is_alive(self) -> bool:
        """Whether its process exists. After a crash another process may have its number."""
        if self.pid == 0:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True  # somebody else's process: it exists
        return True


def leave_note(server: RunningServer) -> None:
    """Write the note; raises OSError."""
    write_secret(Path(server.data_dir) / NOTE, json.dumps(asdict(server)))


def strike_note(server: RunningServer) -> None:
    """Say that the server has ended. The addresses stay: tokens that are made meanwhile name them."""
    leave_note(replace(server, pid=0))


def read_note(data_directory: Path) -> RunningServer | None:
    """What the note says, whether or not that server still runs; None without a note that can be read."""
    try:
        return RunningServer(**json.loads((data_directory / NOTE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def running_server(data_directory: Path) -> RunningServer | None:
    """The server that runs on this data directory."""
    server = read_note(data_directory)
    if server is None or not server.is_alive() or not server.profile("").answers():
        return None
    return server


def local_data_directory() -> Path:
    """The data directory that a server started here would use."""
    return Path(os.environ.get("HATCHET_SERVER_DATA_DIR") or DEFAULT_DATA_DIRECTORY).expanduser()


def running_in(data_directory: Path | None = None) -> Profile | None:
    """The server of this directory, as a profile."""
    server = running_server(data_directory or local_data_directory())
    return server.profile("this directory") if server is not None else None
