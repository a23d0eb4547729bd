"""JSON files of the runs -> one page of tables: medians, ranges, and ratios to the yardstick within the same repeat."""

import json
import statistics
from collections.abc import Callable
from pathlib import Path

YARDSTICK = "celery-redis"
QUIET_CORES = 0.3
"""With more than this used by others during a scenario, the page warns."""
Runs = dict[str, dict[int, dict]]  # variant -> repeat -> record

THROUGHPUT = [
    ("one by one, end to end /s", "single.per_s"),
    ("enqueue /s", "single.enqueue_per_s"),
    ("bulk, end to end /s", "bulk.per_s"),
    ("bulk enqueue /s", "bulk.enqueue_per_s"),
    ("CPU ms a task (one by one)", "single.cpu_s_per_1000.total"),
    ("CPU ms a task (bulk)", "bulk.cpu_s_per_1000.total"),
]
LATENCY = [
    ("request/response p50 ms", "latency.p50"),
    ("p99 ms", "latency.p99"),
    ("start p50 ms", "start_latency.p50"),
    ("start p99 ms", "start_latency.p99"),
    ("3-step chain p50 ms", "chain.p50"),
    ("fan-out 100 s", "fan_100.median_s"),
    ("fan-out 1000 s", "fan_1000.median_s"),
    ("cold start s", "cold_start.s"),
]
SPLIT = [
    (f"{name}: {role}", f"{scenario}.cpu_s_per_1000.{role}")
    for name, scenario in (("one by one", "single"), ("bulk", "bulk"))
    for role in ("client", "worker", "server")
]
MEMORY = [
    ("worker PSS MiB", "memory_mib.worker_pss"),
    ("worker peak RSS MiB", "memory_mib.worker_peak_rss"),
    ("server PSS MiB", "memory_mib.server_pss"),
    ("server peak RSS MiB", "memory_mib.server_peak_rss"),
]
BACKLOG = [
    ("queued", "tasks"),
    ("enqueue /s", "enqueue_per_s"),
    ("server PSS before", "server_pss_mib.0"),
    ("after (MiB)", "server_pss_mib.1"),
    ("KiB a queued run", "server_pss_kib_per_run"),
    ("files MiB", "server_files_mib"),
    ("drain /s, shallow queue", "drain_shallow_per_s"),
    ("drain /s, deep queue", "drain_per_s"),
    ("restart: serving after s", "restart.serving_s"),
    ("first task after s", "restart.first_task_s"),
]
RECOVERY = [
    ("live tasks", "live_tasks"),
    ("down s", "down_s"),
    ("restart to serving s", "restart_to_serving_s"),
    ("restart to first dispatch s", "restart_to_first_dispatch_s"),
    ("lost", "lost"),
    ("ran twice", "ran_twice"),
]
IDLE = [
    ("workers", "workers"),
    ("seconds", "seconds"),
    ("server CPU %", "server_cpu_percent"),
    ("all workers CPU %", "workers_cpu_percent"),
]
CRASH = [
    ("worker kill -9: ran again", "worker.ran_again"),
    ("after s", "worker.after_s"),
    ("waited s", "worker.waited_s"),
    ("server kill -9: queued", "server.queued"),
    ("ran", "server.ran"),
]


def load(folder: Path, what: str) -> Runs:
    runs: Runs = {}
    for path in sorted(folder.glob(f"{what}-*.json")):
        record = json.loads(path.read_text())
        runs.setdefault(record["variant"], {})[record["repeat"]] = record
    return runs


def look_up(value: object, path: str) -> object:
    for key in path.split("."):
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list):
            value = value[int(key)]
        else:
            return None
    return value


def number(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, int | float):
        return str(value)
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def cell(records: dict[int, dict], path: str) -> str:
    values = [v for record in records.values() if (v := look_up(record["result"], path)) is not None]
    if not values or isinstance(values[0], bool):
        return number(values[0] if values else None)
    middle = number(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({number(min(values))} to {number(max(values))})"


def ratio(records: dict[int, dict], yardstick: dict[int, dict], path: str) -> str:
    """Median over the repeats of our value divided by the yardstick's in the same repeat."""
    ratios = []
    for repeat, record in records.items():
        ours = look_up(record["result"], path)
        theirs = look_up(yardstick[repeat]["result"], path) if repeat in yardstick else None
        if ours and theirs:
            ratios.append(ours / theirs)
    return number(statistics.median(ratios)) + "x" if ratios else "-"


def table(runs: Runs, columns: list[tuple[str, str]], fill: Callable[[str, str], str]) -> str:
    lines = ["| system | " + " | ".join(name for name, _ in columns) + " |", "|---" + "|--:" * len(columns) + "|"]
    lines += ["| " + " | ".join([variant, *(fill(variant, path) for _, path in columns)]) + " |" for variant in runs]
    return "\n".join(lines)


def section(title: str, runs: Runs, columns: list[tuple[str, str]], compare: bool = False) -> list[str]:
    if not runs:
        return []
    parts = [f"## {title}", table(runs, columns, lambda variant, path: cell(runs[variant], path))]
    if compare and YARDSTICK in runs:
        parts += [
            f"Ratio to `{YARDSTICK}` in the same repeat:",
            table(runs, columns, lambda variant, path: ratio(runs[variant], runs[YARDSTICK], path)),
        ]
    return parts


def conditions(runs: Runs) -> list[str]:
    """What the runs were taken on, from the newest record; settings and disturbances of each variant."""
    records = [record for repeats in runs.values() for record in repeats.values()]
    newest = max(records, key=lambda record: record["at"])
    facts = newest["machine"]
    lines = []
    if max((cores for repeats in runs.values() for cores in foreign_cores(repeats)), default=0) > QUIET_CORES:
        lines += ["**Others used the machine meanwhile; the rates are too low and the ratios are rough.**", ""]
    lines += [
        f"Taken {newest['at']} on {facts['cores']} cores of {facts['cpu']}, {facts['memory_gib']} GiB, "
        f"Linux {facts['kernel']}, Python {facts['python']}, SQLite {facts['sqlite']}, "
        f"Redis: {facts['redis']}, commit {facts['project_commit']}.",
        "",
    ]
    for variant, repeats in runs.items():
        record = max(repeats.values(), key=lambda record: record["at"])
        packages = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
        lines.append(f"- `{variant}`: {record['note']}. {packages}. {disturbance(repeats)}")
    return ["\n".join(lines)]


def foreign_cores(repeats: dict[int, dict]) -> list[float]:
    """Cores that the rest of the machine used during each scenario."""
    return [
        noise["foreign_cores"]
        for record in repeats.values()
        for step in record["result"].values()
        if isinstance(step, dict) and isinstance(noise := step.get("noise"), dict)
    ]


def disturbance(repeats: dict[int, dict]) -> str:
    noises = foreign_cores(repeats)
    disks = [record["fdatasync_ms"] for record in repeats.values()]
    worst = f"others used at most {number(max(noises))} cores during a scenario; " if noises else ""
    return f"{len(repeats)} repeat(s); {worst}fdatasync {number(min(disks))} to {number(max(disks))} ms."


def errors(runs: Runs) -> list[str]:
    found = [
        f"- {variant} #{repeat}, {step}: {text}"
        for variant, repeats in runs.items()
        for repeat, record in repeats.items()
        for step, text in record["result"].get("errors", {}).items()
    ]
    return ["## Errors", "\n".join(found)] if found else []


def page(folder: Path) -> str:
    """The results page of all records in a folder."""
    runs = {what: load(folder, what) for what in ("bench", "backlog", "recovery", "idle", "crash")}
    newest = next((found for found in runs.values() if found), None)
    if newest is None:
        raise FileNotFoundError(f"no results in {folder}: run `python bench/run.py bench` first")
    parts = [
        "# Results",
        f"Machines are noisy: read the ratio to `{YARDSTICK}` of the same run before the absolute numbers. "
        "How it is measured: `README.md` beside this file; made by `python bench/run.py report`.",
        *conditions(newest),
        *section("Throughput: no-op tasks, results stored", runs["bench"], THROUGHPUT, compare=True),
        *section("CPU ms a task, by process", runs["bench"], SPLIT),
        *section("Latency", runs["bench"], LATENCY, compare=True),
        *section("Memory after the runs", runs["bench"], MEMORY),
        *section("Backlog: queued with no worker", runs["backlog"], BACKLOG),
        *section("Recovery: the server is killed while a worker drains", runs["recovery"], RECOVERY),
        *section("Idle", runs["idle"], IDLE),
        *section("Crash", runs["crash"], CRASH),
    ]
    for found in runs.values():
        parts += errors(found)
    return "\n\n".join(parts) + "\n"
