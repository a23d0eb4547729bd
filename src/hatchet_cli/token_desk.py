"""Managing the tokens of a server that runs.

The REST API makes no tokens: whoever has one could make more. So a running server has a socket that only its owner can
reach, and what is done there takes effect at once. One line of JSON asks, one line answers.
"""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from hatchet_cli.failure import CliError
from hatchet_cli.token_records import made_record, token_records
from hatchet_engine.server.server import Server
from hatchet_engine.store.errors import StoreError

Request = dict[str, Any]
SOCKET = "tokens"


@asynccontextmanager
async def token_desk(server: Server) -> AsyncIterator[str]:
    """Serve requests; yields the path of the socket.

    It is in a directory of its own: the path of a socket is limited to about a hundred characters, that of a data
    directory is not.
    """
    desk = _Desk(server)
    with tempfile.TemporaryDirectory(prefix="hatchet-") as directory:  # made 0700
        path = str(Path(directory) / SOCKET)
        listener = await asyncio.start_unix_server(desk.serve, path)
        try:
            yield path
        finally:
            listener.close()
            await listener.wait_closed()


class _Desk:
    def __init__(self, server: Server) -> None:
        self._server = server
        self._answers: dict[str, Callable[[Request], Any]] = {
            "create": self._create,
            "list": self._list,
            "revoke": self._revoke,
        }

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request: Request = json.loads(await reader.readline())
            answer = await self._on_ledger_thread(self._answers[request["do"]], request)
            reply = {"answer": answer}
        except StoreError as error:
            reply = {"error": f"The database does not take it: {error}", "hint": "See the server's log."}
        except CliError as error:
            reply = {"error": error.message, "hint": error.hint}
        except (ValueError, KeyError, TypeError) as error:
            reply = {"error": f"The request was not understood: {error!r}", "hint": "Are both of the same version?"}
        writer.write(json.dumps(reply).encode() + b"\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def _on_ledger_thread(self, do: Callable[[Request], Any], request: Request) -> Any:
        """Between two commits: the database has one writer."""
        return await self._server.engine.on_ledger_thread(do, request)

    def _create(self, request: Request) -> dict[str, Any]:
        lifetime_s = request["lifetime_s"] or self._server.settings.token_ttl_days * 86_400
        made = self._server.tokens.issue(self._server.tenant_id, request["name"], timedelta(seconds=lifetime_s))
        return made_record(self._server.engine.store.ledger, self._server.tenant_id, *made)

    def _list(self, _: Request) -> list[dict[str, Any]]:
        return token_records(self._server.engine.store.ledger, self._server.tenant_id)

    def _revoke(self, request: Request) -> None:
        if not self._server.tokens.revoke(request["id"]):
            raise unknown_token(request["id"])


def unknown_token(token_id: str) -> CliError:
    return CliError(f"There is no valid token {token_id}: unknown, or revoked before.", "See `hatchet token list`.")
