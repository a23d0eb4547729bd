"""A stage: the servers of one variant, its workers and its clients, in a temp folder that is gone afterwards."""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchlib import procstat, servers
from benchlib.probe import Marks
from benchlib.profiling import profiled

ROOT = Path(__file__).resolve().parents[1]
PR_SET_PDEATHSIG = 1


def venv_bin(name: str) -> Path:
    """The bin folder of a virtual environment: $BENCH_VENV_<NAME>, or a folder of $BENCH_VENVS."""
    own = os.environ.get(f"BENCH_VENV_{name.upper()}")
    return Path(own or Path(os.environ["BENCH_VENVS"]) / name) / "bin"


def until(condition: Callable[[], object], within_s: float, every_s: float = 0.005) -> bool:
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every_s)
    return True


def kill_tree(processes: list[subprocess.Popen]) -> None:
    """SIGKILL for processes that we started and for their descendants."""
    for pid in procstat.tree([process.pid for process in processes]):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for process in processes:
        process.wait()


class Stage:
    """Context manager. `server_kinds` maps a kind of server to its class."""

    def __init__(self, variant, server_kinds: dict[str, type[servers.Server]], slots: int = 500_000) -> None:
        self.variant = variant
        self.server_kinds = server_kinds
        self.slots = slots
        self.servers: list[servers.Server] = []
        self.workers: list[subprocess.Popen] = []

    def __enter__(self) -> "Stage":
        with contextlib.ExitStack() as undo:
            self.dir = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="bench-run-")))
            self.marks = Marks.create(self.dir / "marks", self.slots)
            for kind in self.variant.servers:
                server = self.server_kinds[kind]()
                undo.callback(server.close)
                server.start()
                self.servers.append(server)
            undo.callback(self.keep_logs)
            undo.callback(self.stop_workers)
            self.client("setup", 0, 0)
            self.undo = undo.pop_all()
        return self

    def __exit__(self, *error) -> None:
        self.undo.close()

    @property
    def env(self) -> dict[str, str]:
        bin_folder = venv_bin(self.variant.venv)
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        env["PYTHONPATH"] = f"{ROOT}:{ROOT / 'peers'}"
        env["BENCH_MARKS"] = str(self.dir / "marks")
        env["PATH"] = f"{bin_folder}:{env['PATH']}"
        env.update(self.variant.env)
        for server in self.servers:
            env.update(server.env)
        return env

    @property
    def server_pids(self) -> list[int]:
        return [pid for server in self.servers for pid in server.pids]

    def log(self, name: str):
        return open(self.dir / f"{name}.log", "ab")

    def log_tail(self, name: str) -> str:
        path = self.dir / f"{name}.log"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    def keep_logs(self) -> None:
        """Copy the logs to $BENCH_KEEP_LOGS, for a look at what went wrong."""
        if folder := os.environ.get("BENCH_KEEP_LOGS"):
            for path in (*self.dir.glob("*.log"), *(server.dir / "server.log" for server in self.servers)):
                if path.exists():
                    target = Path(folder) / f"{self.variant.name}-{path.stem}.log"
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(path.read_bytes())

    # ---- workers

    def start_workers(self, times: int = 1) -> list[subprocess.Popen]:
        """Start the variant's worker commands, `times` times; they die with us."""
        fill = {"bin": str(venv_bin(self.variant.venv)), **self.env}
        libc = ctypes.CDLL(None)
        started = []
        for command in self.variant.workers * times:
            with self.log("worker") as log:
                worker = subprocess.Popen(
                    [part.format(**fill) for part in command],
                    env=self.env,
                    cwd=self.dir,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL),  # noqa: PLW1509 - we have one thread
                )
            procstat.prioritise(worker.pid)
            started.append(worker)
        self.workers += started
        return started

    def kill_workers(self, workers: list[subprocess.Popen] | None = None) -> None:
        doomed = self.workers if workers is None else workers
        kill_tree(doomed)
        self.workers = [worker for worker in self.workers if worker not in doomed]

    def stop_workers(self, grace_s: float = 8.0) -> None:
        for worker in self.workers:
            worker.terminate()
        until(lambda: all(worker.poll() is not None for worker in self.workers), grace_s)
        self.kill_workers()

    # ---- clients

    def client(self, action: str, first: int, amount: float, timeout_s: float = 900) -> dict:
        with self.log("client") as log:
            done = subprocess.run(
                [*self._python(), "benchlib.client", self.variant.module, action, str(first), str(amount)],
                env=self.env,
                cwd=self.dir,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                timeout=timeout_s,
                check=False,
            )
        if done.returncode:
            raise RuntimeError(f"the client failed: {self.log_tail('client')}")
        return json.loads(done.stdout.splitlines()[-1])

    def drive(self, plan: dict, timeout_s: float = 600) -> dict:
        """Run a plan of the driver with the present workers and servers."""
        plan = plan | {"worker_pids": [w.pid for w in self.workers], "server_pids": self.server_pids}
        (self.dir / "plan.json").write_text(json.dumps(plan))
        out = self.dir / "out.json"
        command = [*self._python(), "benchlib.driver", self.variant.module, str(self.dir / "plan.json"), str(out)]
        with self.log("driver") as log:
            process = subprocess.Popen(
                command,
                env=self.env,
                cwd=self.dir,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        procstat.prioritise(process.pid)
        profile = {"client": process.pid, "worker": self.workers[0].pid}
        if self.servers[0].kind == "hatchet":
            profile["server"] = self.servers[0].pids[0]
        try:
            with profiled(self.variant.name, profile):
                process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return {"errors": {"run": f"the driver did not end within {timeout_s} s"}}
        finally:
            kill_tree([process])
        return json.loads(out.read_text()) if out.exists() else {"errors": {"run": self.log_tail("driver")}}

    def _python(self) -> list[str]:
        return [str(venv_bin(self.variant.venv) / "python"), "-m"]

    # ---- looks

    def wait_executed(self, first: int, count: int, within_s: float) -> bool:
        return until(lambda: self.marks.executed(first, count) == count, within_s, every_s=0.02)
