"""The engine as a server of the bench: its own data directory, default durability (SQLite, WAL, synchronous=FULL)."""

import json
import os
import time
from pathlib import Path

from benchlib.servers import Server, free_port


def executable() -> str:
    venv = os.environ.get("BENCH_VENV_HATCHET") or str(Path(os.environ["BENCH_VENVS"]) / "hatchet")
    return str(Path(venv) / "bin" / "hatchet")


class HatchetServer(Server):
    """`hatchet server start`; the ready line that it prints gives the address and the token."""

    kind = "hatchet"

    def _start(self):
        self.rest_port = getattr(self, "rest_port", None) or free_port()
        self._log_offset = (self.dir / "server.log").stat().st_size
        env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HATCHET_"))}
        env.update(
            HATCHET_HOME=str(self.dir / "home"),
            HATCHET_SERVER_DATA_DIR=str(self.dir / "data"),
            HATCHET_SERVER_GRPC_PORT=str(self.port),
            HATCHET_SERVER_REST_PORT=str(self.rest_port),
            HATCHET_SERVER_BIND="127.0.0.1",
        )
        self._popen([executable(), "server", "start", "--json"], env=env, cwd=str(self.dir))

    def _ready(self, within_s=60.0):
        deadline = time.monotonic() + within_s
        while (ready := self._ready_line()) is None:
            if self.proc.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the engine did not say that it is ready: " + self._log_since_start()[-2000:])
            time.sleep(0.005)
        self.env = {
            "HATCHET_CLIENT_TOKEN": ready["token"],
            "HATCHET_CLIENT_TENANT_ID": ready["tenant_id"],
            "HATCHET_CLIENT_HOST_PORT": ready["grpc"],
            "HATCHET_CLIENT_SERVER_URL": ready["rest"],
            "HATCHET_CLIENT_TLS_STRATEGY": "none",
            "HATCHET_HOME": str(self.dir / "home"),
        }

    def _log_since_start(self):
        with open(self.dir / "server.log", errors="replace") as log:
            log.seek(self._log_offset)
            return log.read()

    def _ready_line(self):
        for line in self._log_since_start().splitlines(keepends=True):
            if line.startswith("{") and line.endswith("\n") and '"token"' in line:
                return json.loads(line)
        return None
