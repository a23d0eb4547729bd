"""The note that a running server leaves in its data directory: where it listens, and a token.

Commands that are called in the project's directory find the server by it, and a second server learns who has the
directory. Only its owner can read it.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from hatchet_cli.profiles import Profile, write_secret

NOTE = "server.json"
DEFAULT_DATA_DIRECTORY = ".hatchet"


@dataclass(frozen=True, slots=True)
class RunningServer:
    """`rest` is a URL, `grpc` is `host:port`."""

    pid: int
    grpc: str
    rest: str
    tenant_id: str
    token: str
    tls_strategy: str
    data_dir: str

    def profile(self, name: str) -> Profile:
        return Profile(name, self.token, self.tenant_id, self.grpc, self.rest, self.tls_strategy)

    def is_alive(self) -> bool:
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


def remove_note(data_directory: Path, pid: int) -> None:
    """Take the note away if it is ours."""
    server = read_note(data_directory)
    if server is not None and server.pid == pid:
        (data_directory / NOTE).unlink(missing_ok=True)


def read_note(data_directory: Path) -> RunningServer | None:
    """What the note says, whether or not that server still runs; None without a note that can be read."""
    try:
        return RunningServer(**json.loads((data_directory / NOTE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def running_server(data_directory: Path) -> RunningServer | None:
    """The server that runs on this data directory."""
    server = read_note(data_directory)
    return server if server is not None and server.is_alive() else None


def local_data_directory() -> Path:
    """The data directory that a server started here would use."""
    return Path(os.environ.get("HATCHET_SERVER_DATA_DIR") or DEFAULT_DATA_DIRECTORY).expanduser()


def running_in(data_directory: Path | None = None) -> Profile | None:
    """The server of this directory, as a profile."""
    server = running_server(data_directory or local_data_directory())
    return server.profile("this directory") if server is not None else None
