"""The profiles of a user: which servers there are, and with which token to talk to them.

They live in `~/.hatchet/profiles.yaml` (`HATCHET_HOME` names another directory). Tokens are secrets: the file is 0600,
its directory 0700.
"""

import os
import socket
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from hatchet_cli.failure import CliError, UsageError

PROBE_TIMEOUT_S = 1.0
TLS_STRATEGIES = ("none", "tls", "mtls")


@dataclass(frozen=True, slots=True)
class Profile:
    """One server.

    `rest` is a URL, `grpc` is `host:port`, `tls_strategy` one of `TLS_STRATEGIES`.
    """

    name: str
    token: str
    tenant_id: str
    grpc: str
    rest: str
    tls_strategy: str = "none"

    def answers(self) -> bool:
        """Whether something listens at the REST address."""
        url = urlsplit(self.rest)
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            socket.create_connection((url.hostname or "", port), PROBE_TIMEOUT_S).close()
        except OSError:
            return False
        return True

    def environment(self) -> dict[str, str]:
        """The variables that make the SDK talk to this server."""
        return {
            "HATCHET_CLIENT_TOKEN": self.token,
            "HATCHET_CLIENT_HOST_PORT": self.grpc,
            "HATCHET_CLIENT_SERVER_URL": self.rest,
            "HATCHET_CLIENT_TLS_STRATEGY": self.tls_strategy,
        }

    def public(self) -> dict[str, str]:
        """Everything but the token, of which only the first characters are shown."""
        return asdict(self) | {"token": f"{self.token[:8]}…"}


@dataclass
class Profiles:
    """The content of the file."""

    default: str | None = None
    by_name: dict[str, Profile] = field(default_factory=dict)

    def named(self, name: str) -> Profile:
        """Raises `UsageError` for an unknown name."""
        if name not in self.by_name:
            known = ", ".join(sorted(self.by_name)) or "none yet"
            raise UsageError(
                f"There is no profile named {name!r} (known: {known}).",
                "Add it with `hatchet profile add`, or start a local server with `hatchet server start`.",
            )
        return self.by_name[name]

    def preferred(self) -> Profile | None:
        """The default profile, or the only one."""
        if self.default is not None:
            return self.by_name.get(self.default)
        return next(iter(self.by_name.values())) if len(self.by_name) == 1 else None

    def put(self, profile: Profile) -> None:
        """Add or replace a profile; the first one becomes the default."""
        self.by_name[profile.name] = profile
        if self.default is None or self.default not in self.by_name:
            self.default = profile.name

    def remove(self, name: str) -> None:
        del self.by_name[self.named(name).name]
        if self.default == name:
            self.default = None


def profile_directory() -> Path:
    return Path(os.environ.get("HATCHET_HOME") or "~/.hatchet").expanduser()


class ProfileFile:
    """Reads and writes `profiles.yaml`."""

    def __init__(self, directory: Path | None = None) -> None:
        self.path = (directory or profile_directory()) / "profiles.yaml"

    def load(self) -> Profiles:
        """Raises `CliError` if the file is there but cannot be understood."""
        import yaml

        try:
            content = yaml.safe_load(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Profiles()
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise self._unreadable(error) from error
        if content is None:
            return Profiles()
        try:
            profiles = {
                name: Profile(name=name, **{key: str(value) for key, value in entry.items()})
                for name, entry in (content.get("profiles") or {}).items()
            }
            return Profiles(default=content.get("default"), by_name=profiles)
        except (AttributeError, TypeError) as error:
            raise self._unreadable(error) from error

    def save(self, profiles: Profiles) -> None:
        """Replace the file at once, so that no reader sees half of it."""
        import yaml

        content = {
            "default": profiles.default,
            "profiles": {
                name: {key: value for key, value in asdict(profile).items() if key != "name"}
                for name, profile in profiles.by_name.items()
            },
        }
        try:
            write_secret(self.path, yaml.safe_dump(content, sort_keys=False))
        except OSError as error:
            raise CliError(
                f"Cannot write {self.path}: {error.strerror or error}.",
                "Make the directory writable, or name another one in HATCHET_HOME.",
            ) from error

    def _unreadable(self, error: Exception) -> CliError:
        return CliError(
            f"Cannot read the profiles in {self.path}: {error}",
            "Repair the file, or move it away and start again with `hatchet server start` or `hatchet profile add`.",
        )


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner can read, replacing an older one in one step."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # made 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
