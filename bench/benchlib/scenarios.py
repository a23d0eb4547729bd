"""The scenarios, each with a fresh stage. A scenario takes the stage and its sizes and returns numbers.

`SIZES` are the sizes of a real run; `TINY` runs every scenario in seconds, to see that it works.
"""

import time

from benchlib import procstat
from benchlib.stage import Stage, until

SIZES = {
    "bench": {"rate": 50, "rate_s": 20.0},
    "backlog": {"tasks": 200_000, "drain": 10_000},
    "recovery": {"tasks": 100_000},
    "idle": {"workers": 10, "seconds": 60.0},
    "crash": {"patience_s": 60.0, "queued": 1000},
}
TINY = {
    "bench": {
        "rate": 50,
        "rate_s": 0.5,
        "counts": {"single": 50, "bulk": 200, "latency": 20, "fan": [[10, 1]], "chain": 2, "warm": 5},
    },
    "backlog": {"tasks": 2000, "drain": 500},
    "recovery": {"tasks": 2000},
    "idle": {"workers": 2, "seconds": 2.0},
    "crash": {"patience_s": 30.0, "queued": 100},
}


def bench(stage: Stage, rate: int, rate_s: float, only=(), scale: float = 1.0, counts: dict | None = None) -> dict:
    """Throughput, latency, fan-out, chain, start latency, one after the other with one worker.

    `only` picks steps by name; `scale` multiplies the variant's own numbers of tasks, `counts` replaces them."""
    cold_start_s = _cold_start(stage)
    variant = stage.variant
    time.sleep(variant.settle_s)
    counts = counts or {
        "latency": int(variant.latency_n * scale),
        "chain": int(variant.chain_n * scale),
        "fan": variant.fan,
        "single": int(variant.n_single * scale),
        "bulk": int(variant.n_bulk * scale),
        "warm": variant.warm,
    }
    plan = [
        ("latency", "latency", counts["latency"]),
        ("chain", "chain", counts["chain"]),
        *((f"fan_{children}", "fan", children, times) for children, times in counts["fan"]),
        ("single", "single", counts["single"]),
        ("bulk", "bulk", counts["bulk"]),
        ("start_latency", "start_latency", rate, rate_s),
    ]
    scenarios = [step for step in plan if not only or step[1] in only]
    numbers = stage.drive({"first_n": 100, "warm": counts["warm"], "scenarios": scenarios})
    memory = {
        "worker_pss": procstat.pss_mib(w.pid for w in stage.workers),
        "worker_peak_rss": procstat.peak_rss_mib(w.pid for w in stage.workers),
        "server_pss": procstat.pss_mib(stage.server_pids),
        "server_peak_rss": procstat.peak_rss_mib(stage.server_pids),
    }
    return numbers | {"cold_start": {"s": cold_start_s}, "memory_mib": memory}


def _cold_start(stage: Stage) -> float:
    """One task is queued, then the worker process starts: seconds until the task runs."""
    stage.client("noop", 1, 1)
    start = time.monotonic()
    stage.start_workers()
    _must(stage.wait_executed(1, 1, 60), "the task did not run after the worker's start")
    return round(stage.marks.started(1) - start, 3)


def backlog(stage: Stage, tasks: int, drain: int) -> dict:
    """Queue `tasks` with no worker: memory per run, enqueue rate, drain rate of the first, restart with the rest."""
    stage.start_workers()
    stage.client("noop", 1, 200)
    _must(stage.wait_executed(1, 200, 60), "the warm-up did not run")
    stage.stop_workers()
    stage.client("noop", 1000, drain)
    shallow = _drain(stage, 1000, drain)
    _must(stage.wait_executed(1000, drain, 120), "the shallow queue did not drain")
    stage.stop_workers()
    first = 1000 + drain
    before = procstat.pss_mib(stage.server_pids)
    enqueue_s = stage.client("noop", first, tasks)["enqueue_s"]
    after = procstat.pss_mib(stage.server_pids)
    files = sum(procstat.folder_mib(server.dir) for server in stage.servers)
    deep = _drain(stage, first, drain)
    stage.stop_workers()
    return {
        "tasks": tasks,
        "enqueue_per_s": round(tasks / enqueue_s),
        "server_pss_mib": [before, after],
        "server_pss_kib_per_run": round((after - before) * 1024 / tasks, 3),
        "server_files_mib": files,
        "drain_first": drain,
        "drain_per_s": deep,
        "drain_shallow_per_s": shallow,
        "restart": _restart(stage, first, tasks),
    }


def _drain(stage: Stage, first: int, count: int) -> int:
    """Tasks a second from the first to the `count`-th start of a queue that was there before the worker."""
    stage.start_workers()
    _must(stage.wait_executed(first, count, 600), f"{count} tasks did not drain")
    starts = sorted(stage.marks.starts(first, count))
    return round((count - 1) / (starts[-1] - starts[0]))


def _restart(stage: Stage, first: int, count: int) -> dict:
    """kill -9 and start again on the same files; then a worker. Seconds from the kill."""
    killed = time.monotonic()
    _restart_servers(stage)
    serving = time.monotonic()
    snapshot = stage.marks.starts(first, count)
    stage.start_workers()
    start = _next_start(stage, first, snapshot, 120)
    return {"serving_s": round(serving - killed, 3), "first_task_s": round(start - killed, 3)}


def _restart_servers(stage: Stage) -> None:
    for server in stage.servers:
        server.kill9()
    for server in stage.servers:
        server.start()


def _next_start(stage: Stage, first: int, snapshot: list[float], within_s: float) -> float:
    """The stamp of the first task that starts after the snapshot."""

    def new() -> list[float]:
        present = stage.marks.starts(first, len(snapshot))
        return [stamp for stamp, old in zip(present, snapshot, strict=True) if stamp and not old]

    _must(until(new, within_s, every_s=0.02), "no task started after the restart")
    return min(new())


def recovery(stage: Stage, tasks: int) -> dict:
    """kill -9 of the servers while a worker drains `tasks` live tasks; the worker stays. Everything must still run."""
    first, total = 1000, tasks + tasks // 10
    stage.start_workers()
    stage.client("noop", 1, 200)
    _must(stage.wait_executed(1, 200, 60), "the warm-up did not run")
    stage.stop_workers()
    stage.client("noop", first, total)
    stage.start_workers()
    _must(until(lambda: stage.marks.executed(first, total) >= tasks // 100, 60), "the worker did not start to drain")
    for server in stage.servers:
        server.kill9()
    killed = time.monotonic()
    _settle(stage, first, total)
    snapshot = stage.marks.starts(first, total)
    restarted = time.monotonic()
    for server in stage.servers:
        server.start()
    serving = time.monotonic()
    start = _next_start(stage, first, snapshot, 120)
    complete = _drain_all(stage, first, total)
    return {
        "live_tasks": snapshot.count(0.0),
        "down_s": round(restarted - killed, 3),
        "restart_to_serving_s": round(serving - restarted, 3),
        "restart_to_first_dispatch_s": round(start - restarted, 3),
        "kill_to_first_dispatch_s": round(start - killed, 3),
        "complete": complete,
        "lost": total - stage.marks.executed(first, total),
        "ran_twice": stage.marks.repeated(first, total),
    }


def _settle(stage: Stage, first: int, count: int) -> None:
    """Wait until the worker has run what it already held when the server died."""
    before = -1
    while (executed := stage.marks.executed(first, count)) != before:
        before = executed
        time.sleep(0.2)


def _drain_all(stage: Stage, first: int, count: int, stalled_s: float = 15.0) -> bool:
    """Wait until all have run, or until nothing more has run for a while."""
    executed, progress = 0, time.monotonic()
    while executed < count and time.monotonic() < progress + stalled_s:
        time.sleep(0.1)
        if (present := stage.marks.executed(first, count)) > executed:
            executed, progress = present, time.monotonic()
    return executed == count


def idle(stage: Stage, workers: int, seconds: float) -> dict:
    """CPU of servers and workers that have nothing to do."""
    stage.start_workers(times=workers)
    stage.client("noop", 1, 200)
    _must(stage.wait_executed(1, 200, 60), "the warm-up did not run")
    time.sleep(min(8.0, seconds))  # until the last worker has finished its start
    pids = [worker.pid for worker in stage.workers]
    server, worker, start = procstat.cpu_s(stage.server_pids), procstat.cpu_s(pids), time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - start
    return {
        "workers": len(pids),
        "seconds": round(took, 1),
        "server_cpu_percent": round((procstat.cpu_s(stage.server_pids) - server) / took * 100, 3),
        "workers_cpu_percent": round((procstat.cpu_s(pids) - worker) / took * 100, 3),
    }


def crash(stage: Stage, patience_s: float, queued: int) -> dict:
    """kill -9 of a worker that runs a task while another worker is idle; kill -9 of the server with tasks queued."""
    doomed = stage.start_workers()
    stage.client("slow", 10, 20)
    _must(until(lambda: stage.marks.started(10), 60), "the slow task did not start")
    stage.start_workers()
    stage.client("noop", 20, 1)
    _must(stage.wait_executed(20, 1, 30), "the second task did not run")
    time.sleep(3)  # the second worker is connected
    killed = time.monotonic()
    stage.kill_workers(doomed)
    again = until(lambda: stage.marks.runs(10) > 1, patience_s)
    after_s = round(time.monotonic() - killed, 2) if again else None
    stage.kill_workers()
    return {
        "worker": {"ran_again": again, "after_s": after_s, "waited_s": patience_s},
        "server": _server_crash(stage, 1000, queued),
    }


def _server_crash(stage: Stage, first: int, queued: int) -> dict:
    stage.client("noop", first, queued)
    _restart_servers(stage)
    stage.start_workers()
    stage.wait_executed(first, queued, 40)
    return {"queued": queued, "ran": stage.marks.executed(first, queued)}


def _must(happened: bool, otherwise: str) -> None:
    if not happened:
        raise TimeoutError(otherwise)


SCENARIOS = {"bench": bench, "backlog": backlog, "recovery": recovery, "idle": idle, "crash": crash}
