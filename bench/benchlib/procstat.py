"""CPU time and memory of process trees, read from /proc."""

import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
MIB_IN_KIB = 1024


def _stat(pid: int) -> tuple[int, int]:
    """(parent pid, CPU ticks used by the process and by its children that were waited for)"""
    text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    fields = text[text.rindex(")") + 2 :].split()
    return int(fields[1]), sum(map(int, fields[11:15]))


def tree(roots: Iterable[int]) -> dict[int, int]:
    """The roots and all their descendants: pid -> CPU ticks used."""
    stats = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError):  # it ended while we looked
                stats[int(name)] = _stat(int(name))
    children: dict[int, list[int]] = {}
    for pid, (parent, _) in stats.items():
        children.setdefault(parent, []).append(pid)
    found: dict[int, int] = {}
    todo = [pid for pid in roots if pid in stats]
    while todo:
        pid = todo.pop()
        if pid not in found:
            found[pid] = stats[pid][1]
            todo.extend(children.get(pid, ()))
    return found


def cpu_s(roots: Iterable[int]) -> float:
    """CPU seconds used so far by the trees."""
    return sum(tree(roots).values()) / TICKS_PER_S


def pss_mib(roots: Iterable[int]) -> float:
    """Proportional set size of the trees: shared pages are divided among those who share them."""
    return round(sum(_field_kib(pid, "smaps_rollup", "Pss:") for pid in tree(roots)) / MIB_IN_KIB, 2)


def peak_rss_mib(roots: Iterable[int]) -> float:
    """Sum of the peak resident sizes of the processes of the trees."""
    return round(sum(_field_kib(pid, "status", "VmHWM:") for pid in tree(roots)) / MIB_IN_KIB, 1)


def _field_kib(pid: int, file: str, name: str) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1])
    return 0


def machine_busy_s() -> float:
    """CPU seconds used by everything on the machine since boot."""
    user, nice, system, _idle, _iowait, irq, softirq = map(int, Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + irq + softirq) / TICKS_PER_S


def prioritise(pid: int) -> None:
    """More scheduling weight for a process of ours: $BENCH_NICE=-8, for a machine that others use too (root only).

    With autogroups on, niceness only counts within a session, so the weight is set on the session's group as well."""
    if niceness := os.environ.get("BENCH_NICE"):
        os.setpriority(os.PRIO_PROCESS, pid, int(niceness))
        with contextlib.suppress(FileNotFoundError):
            Path(f"/proc/{pid}/autogroup").write_text(niceness)


def wait_quiet(limit_cores: float = 0.10, patience_s: float = 30.0) -> float:
    """Wait, at most `patience_s`, until the machine is idle. Returns the cores in use at the end."""
    deadline = time.monotonic() + patience_s
    while True:
        busy, since = machine_busy_s(), time.monotonic()
        time.sleep(0.5)
        cores = (machine_busy_s() - busy) / (time.monotonic() - since)
        if cores < limit_cores or time.monotonic() > deadline:
            return round(cores, 2)


def fdatasync_ms(folder: str, times: int = 30) -> float:
    """Median time of a 300-byte append with fdatasync: the disk's price for a durable write just now."""
    samples = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(times):
            start = time.perf_counter()
            os.write(file.fileno(), b"x" * 300)
            os.fdatasync(file.fileno())
            samples.append(time.perf_counter() - start)
    return round(statistics.median(samples) * 1000, 3)


def folder_mib(folder: str | Path) -> float:
    total = 0
    for path in Path(folder).rglob("*"):
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return round(total / 2**20, 1)
