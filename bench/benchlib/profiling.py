"""Where the CPU goes: py-spy on the client, a worker and the server while the driver runs ($BENCH_PROFILE = a folder).

Only threads that hold the GIL are counted: on a virtual machine a waiting thread is easily taken for a running one.
Sampling slows the profiled process by a few per cent: rates of a profiled run are no results.
"""

import collections
import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

SAMPLES_PER_S = 250
LINES = 45


@contextlib.contextmanager
def profiled(variant: str, pids: dict[str, int]) -> Iterator[None]:
    """Sample these processes (role -> pid) for as long as the block runs; does nothing without $BENCH_PROFILE."""
    folder = os.environ.get("BENCH_PROFILE")
    if not folder:
        yield
        return
    if not shutil.which("py-spy"):
        raise FileNotFoundError("$BENCH_PROFILE needs py-spy on the PATH")
    Path(folder).mkdir(parents=True, exist_ok=True)
    samplers = {}
    for role, pid in pids.items():
        raw = Path(folder) / f"{variant}-{role}.raw"
        command = [
            "py-spy",
            "record",
            "--pid",
            str(pid),
            "--rate",
            str(SAMPLES_PER_S),
            "--format",
            "raw",
            "--threads",
            "--gil",
        ]
        native = ["--native"] if os.environ.get("BENCH_PROFILE_NATIVE") else []
        with open(raw.with_suffix(".log"), "w") as log:
            samplers[raw] = subprocess.Popen([*command, *native, "--output", str(raw)], stdout=log, stderr=log)
    try:
        yield
    finally:
        for raw, sampler in samplers.items():
            sampler.send_signal(signal.SIGINT)  # py-spy then writes what it has
            sampler.wait(60)
            if raw.exists():
                raw.with_suffix(".txt").write_text(summary(raw.read_text()))


def summary(raw: str) -> str:
    """Folded stacks (`frame;frame;frame count`) -> the functions by own time and with what they call, in per cent."""
    own: collections.Counter[str] = collections.Counter()
    inclusive: collections.Counter[str] = collections.Counter()
    threads: collections.Counter[str] = collections.Counter()
    for line in raw.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [function(frame) for frame in stack.split(";")]
        threads[frames[0]] += int(count)
        own[frames[-1]] += int(count)
        for frame in set(frames[1:]):
            inclusive[frame] += int(count)
    total = sum(own.values()) or 1

    def ranking(title: str, counts: collections.Counter[str]) -> list[str]:
        return [title, *(f"{100 * n / total:6.1f} %  {name}" for name, n in counts.most_common(LINES)), ""]

    seconds = f"{total / SAMPLES_PER_S:.1f} s of CPU sampled"
    parts = [*ranking("threads", threads), *ranking("own time", own), *ranking("with callees", inclusive)]
    return "\n".join([seconds, "", *parts])


def function(frame: str) -> str:
    """A frame without its line number."""
    name, _, line = frame.rpartition(":")
    return f"{name})" if line.rstrip(")").isdigit() else frame
