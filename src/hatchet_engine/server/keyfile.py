"""Files that only their owner may read: the signing key, the default token."""

import os
import secrets
from pathlib import Path

SIGNING_KEY_BYTES = 32


def write_secret(path: Path, content: bytes) -> None:
    """Write a file with mode 0600, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)


def load_or_create_key(path: Path) -> bytes:
    """The signing key of this installation. Whoever has it can make tokens.

    Raises:
        PermissionError: others may read the file.
        ValueError: the file holds something else.
    """
    if not path.exists():
        write_secret(path, secrets.token_bytes(SIGNING_KEY_BYTES).hex().encode())
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise PermissionError(f"{path} can be read by others; run: chmod 600 {path}")
    try:
        key = bytes.fromhex(path.read_text())
    except ValueError as error:
        raise ValueError(f"{path} is not a signing key; restore it, or delete it to invalidate all tokens") from error
    if len(key) < SIGNING_KEY_BYTES:
        raise ValueError(f"{path} is too short for a signing key")
    return key
