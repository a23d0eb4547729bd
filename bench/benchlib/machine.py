"""What the numbers were taken on, and with which versions."""

import json
import os
import platform
import re
import shutil
import sqlite3
import subprocess
from pathlib import Path

from benchlib.stage import ROOT, venv_bin

TELLING = re.compile(
    r"celery|kombu|redis|hiredis|huey|hatchet-py|grpcio|protobuf|pydantic|sqlalchemy|uvloop", re.IGNORECASE
)

LIST_PACKAGES = """
import importlib.metadata, json
print(json.dumps(sorted((d.name, d.version) for d in importlib.metadata.distributions())))
"""


def machine() -> dict:
    cpu = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    memory_kib = int(Path("/proc/meminfo").read_text().split()[1])
    return {
        "cpu": cpu[0].split(":", 1)[1].strip() if cpu else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory_kib / 2**20, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "redis": _output(["redis-server", "--version"]) if shutil.which("redis-server") else "absent",
        "project_commit": _output(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]),
    }


def versions(venv: str) -> dict[str, str]:
    """The telling packages of a virtual environment."""
    listed = _output([str(venv_bin(venv) / "python"), "-c", LIST_PACKAGES])
    return {name.lower(): version for name, version in json.loads(listed or "[]") if TELLING.fullmatch(name)}


def _output(command: list[str]) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return done.stdout.strip()
