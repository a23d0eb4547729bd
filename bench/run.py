#!/usr/bin/env python3
"""Measure this task platform, with Celery on Redis as the yardstick in the same run. See README.md.

Usage:
    run.py setup                               virtual environments under $BENCH_VENVS
    run.py all [--repeats 3]                   every scenario below
    run.py bench|backlog|recovery|idle|crash [--peers a,b] [--repeats 1] [--only latency,single] [--tiny]
    run.py report                              out/*.json -> results.md
    run.py shared [--script durability.py] ... the shared bench with our system in its catalogue; the rest goes to it
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent
sys.path[:0] = [str(ROOT), str(ROOT / "peers")]
os.environ.setdefault("BENCH_VENVS", str(Path(tempfile.gettempdir()) / "bench-venvs"))

from benchlib import machine, overlay, procstat, report, scenarios  # noqa: E402 - the path is set first
from benchlib.servers import Redis  # noqa: E402 - the path is set first
from benchlib.stage import Stage, venv_bin  # noqa: E402 - the path is set first
from catalog import BY_NAME, VARIANTS, Variant  # noqa: E402 - the path is set first
from server_hatchet import HatchetServer  # noqa: E402 - the path is set first

SERVER_KINDS = {"redis": Redis, "hatchet": HatchetServer}


def say(line: str) -> None:
    sys.stderr.write(line + "\n")


def setup() -> None:
    """One virtual environment per system; ours gets this project as pip would install it."""
    for name in ("hatchet", *(path.stem for path in sorted((ROOT / "requirements").glob("*.txt")))):
        folder = Path(os.environ["BENCH_VENVS"]) / name
        if not (folder / "bin" / "python").exists():
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        if name == "hatchet":
            subprocess.run([*install, f"{ROOT.parent}[server,cli]"], check=True)
            # once more, as the code may be new where the version is not
            subprocess.run([*install, "--no-deps", "--force-reinstall", str(ROOT.parent)], check=True)
        else:
            subprocess.run([*install, "-r", str(ROOT / "requirements" / f"{name}.txt")], check=True)
        say(f"ready: {name}")


def missing(variant: Variant) -> str | None:
    """Why a variant cannot run here."""
    if "redis" in variant.servers and not shutil.which("redis-server"):
        return "redis-server is not installed (Debian's package of that name)"
    if not (venv_bin(variant.venv) / "python").exists():
        return f"no virtual environment {venv_bin(variant.venv).parent}: run `run.py setup`"
    return None


def measure(what: str, variant: Variant, repeat: int, sizes: dict) -> dict:
    """One scenario of one variant on a fresh stage."""
    cores = procstat.wait_quiet(patience_s=float(os.environ.get("BENCH_PATIENCE", "10")))
    disk = procstat.fdatasync_ms(tempfile.gettempdir())
    try:
        with Stage(variant, SERVER_KINDS) as stage:
            result = scenarios.SCENARIOS[what](stage, **sizes)
    except (OSError, RuntimeError, TimeoutError, subprocess.SubprocessError) as error:
        result = {"errors": {what: f"{type(error).__name__}: {error}"[:2000]}}
    return {
        "variant": variant.name,
        "what": what,
        "repeat": repeat,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "note": variant.note,
        "machine": machine.machine(),
        "versions": machine.versions(variant.venv),
        "cores_in_use_before": cores,
        "fdatasync_ms": disk,
        "result": result,
    }


def run(args: argparse.Namespace) -> int:
    """Repeats are interleaved: every variant once, then every variant again."""
    names = args.peers.split(",") if args.peers else [variant.name for variant in VARIANTS]
    whats = list(scenarios.SCENARIOS) if args.what == "all" else [args.what]
    args.out.mkdir(parents=True, exist_ok=True)
    failed = 0
    for what in whats:
        sizes = dict((scenarios.TINY if args.tiny else scenarios.SIZES)[what])
        if args.only and what == "bench":
            sizes["only"] = args.only.split(",")
        if what == "bench" and not args.tiny:
            sizes["scale"] = args.scale
        if args.tasks and "tasks" in sizes:
            sizes["tasks"] = args.tasks
        for repeat in range(args.first, args.first + (args.repeats if what == "bench" else 1)):
            for name in names:
                if reason := missing(BY_NAME[name]):
                    say(f"skipped {name}: {reason}")
                    continue
                since = time.monotonic()
                record = measure(what, BY_NAME[name], repeat, sizes)
                (args.out / f"{what}-{name}-{repeat}.json").write_text(json.dumps(record, indent=1))
                say(f"{what} {name} #{repeat} ({time.monotonic() - since:.0f} s): {json.dumps(record['result'])}")
                failed += bool(record["result"].get("errors"))
    return 1 if failed else 0


def run_shared(arguments: list[str]) -> int:
    shared = overlay.shared_bench()
    if shared is None:
        say("no shared bench: set BENCH_SHARED to its folder")
        return 2
    script, out = "run.py", ROOT / "out" / "shared"
    if arguments[:1] == ["--script"]:
        script, arguments = arguments[1], arguments[2:]
        out = out / f"{Path(script).stem}.json"
    if "--out" not in arguments and arguments[:1] != ["setup"]:
        arguments = [*arguments, "--out", str(out)]
    with tempfile.TemporaryDirectory(prefix="bench-overlay-") as folder:
        return overlay.run_shared(shared, Path(folder) / "bench", arguments, script)


def main() -> int:
    if sys.argv[1:2] == ["shared"]:
        return run_shared(sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["setup", "report", "all", *scenarios.SCENARIOS])
    parser.add_argument("--peers", default="", help="names of variants, comma separated")
    parser.add_argument("--repeats", type=int, default=1, help="of `bench`; the other scenarios run once")
    parser.add_argument("--first", type=int, default=0, help="number of the first repeat")
    parser.add_argument("--only", default="", help="steps of `bench`: latency,chain,fan,single,bulk,start_latency")
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the numbers of tasks of `bench`")
    parser.add_argument("--tasks", type=int, default=0, help="tasks of `backlog` (200,000) and `recovery` (100,000)")
    parser.add_argument("--tiny", action="store_true", help="sizes that only show that it works")
    parser.add_argument("--out", type=Path, default=ROOT / "out")
    args = parser.parse_args()
    if args.what == "setup":
        setup()
        return 0
    if args.what == "report":
        (ROOT / "results.md").write_text(report.page(args.out))
        return 0
    return run(args)


if __name__ == "__main__":
    sys.exit(main())
