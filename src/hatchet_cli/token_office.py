"""Making, listing and revoking tokens: at the desk of the server that runs, else in its data directory."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from hatchet_cli.failure import CliError
from hatchet_cli.local_server import local_data_directory, read_note, running_server

ANSWER_TIMEOUT_S = 30.0

TokenRecord = dict[str, Any]


class TokenOffice(Protocol):
    """Every method raises `CliError`."""

    def create(self, name: str, lifetime_s: float | None) -> TokenRecord:
        """A new token, valid for `lifetime_s` seconds or as long as the server's setting says."""
        ...

    def list(self) -> list[TokenRecord]: ...

    def revoke(self, token_id: str) -> None: ...


@contextmanager
def token_office(data_directory: Path | None) -> Iterator[TokenOffice]:
    """The office for a data directory.

    Raises:
        CliError: no server has used that directory, or one uses it that cannot be asked.
    """
    directory = data_directory or local_data_directory()
    running = running_server(directory)
    if running is not None:
        yield _RunningOffice(running.token_desk)
        return
    with _stopped_office(directory) as office:
        yield office


class _RunningOffice:
    def __init__(self, path: str) -> None:
        self._path = path

    def create(self, name: str, lifetime_s: float | None) -> TokenRecord:
        made: TokenRecord = self._ask({"do": "create", "name": name, "lifetime_s": lifetime_s})
        return made

    def list(self) -> list[TokenRecord]:
        rows: list[TokenRecord] = self._ask({"do": "list"})
        return rows

    def revoke(self, token_id: str) -> None:
        self._ask({"do": "revoke", "id": token_id})

    def _ask(self, request: dict[str, Any]) -> Any:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(ANSWER_TIMEOUT_S)
                connection.connect(self._path)
                connection.sendall(json.dumps(request).encode() + b"\n")
                with connection.makefile("rb") as answers:
                    reply = json.loads(answers.readline())
        except (OSError, ValueError) as error:
            raise CliError(
                f"The server that runs here cannot be asked about tokens: {error}",
                "Stop the server and try again, as the user that it runs as.",
            ) from error
        if "error" in reply:
            raise CliError(reply["error"], reply["hint"])
        return reply["answer"]


@contextmanager
def _stopped_office(directory: Path) -> Iterator[TokenOffice]:
    from hatchet_engine.server.settings import ServerSettings
    from hatchet_engine.store.errors import StoreError
    from hatchet_engine.store.store import Store

    settings = ServerSettings(data_dir=directory)
    if not (directory / "hatchet.db").is_file() and settings.database_url is None:
        raise CliError(
            f"No server has used the data directory {directory}.",
            "Name the server's directory with --data-dir, or start one: hatchet server start",
        )
    try:
        store = Store.open(settings.store_url)
    except StoreError as error:
        raise CliError(f"Cannot open the database in {directory}: {error}") from error
    try:
        yield _StoppedOffice(store, settings)
    except StoreError as error:
        raise CliError(f"The database in {directory} fails: {error}") from error
    finally:
        store.close()


class _StoppedOffice:
    def __init__(self, store: Any, settings: Any) -> None:
        from hatchet_engine.runtime.clock import system_clock
        from hatchet_engine.runtime.ids import Uuid7
        from hatchet_engine.server.keyfile import load_or_create_key
        from hatchet_engine.server.server import DEFAULT_TENANT_ID
        from hatchet_engine.server.tokens import Tokens

        self._ledger = store.ledger
        self._ttl = timedelta(days=settings.token_ttl_days)
        key = load_or_create_key(settings.data_dir / "signing.key")
        self._tokens = Tokens(key, store.ledger, system_clock, Uuid7())
        self._tokens.publish(*_addresses(settings))
        tenants = [tenant.id for tenant in store.ledger.tenants()]
        self._tenant_id = DEFAULT_TENANT_ID if DEFAULT_TENANT_ID in tenants or not tenants else tenants[0]

    def create(self, name: str, lifetime_s: float | None) -> TokenRecord:
        from hatchet_cli.token_records import made_record

        ttl = timedelta(seconds=lifetime_s) if lifetime_s is not None else self._ttl
        return made_record(self._ledger, self._tenant_id, *self._tokens.issue(self._tenant_id, name, ttl))

    def list(self) -> list[TokenRecord]:
        from hatchet_cli.token_records import token_records

        return token_records(self._ledger, self._tenant_id)

    def revoke(self, token_id: str) -> None:
        from hatchet_cli.token_desk import unknown_token

        if not self._tokens.revoke(token_id):
            raise unknown_token(token_id)


def _addresses(settings: Any) -> tuple[str, str]:
    """Where the server will be reached: a token names the addresses, and is good for no others."""
    note = read_note(settings.data_dir)
    host = settings.public_host
    rest = settings.server_url or (note.rest if note else f"http://{host}:{settings.rest_port}")
    grpc = settings.grpc_broadcast_address or (note.grpc if note else f"{host}:{settings.grpc_port}")
    return rest, grpc
