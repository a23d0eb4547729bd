"""kill -9 in the middle of commits: every batch is whole or absent, and what was acknowledged is there."""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from hatchet_engine.core.machine import TaskState
from hatchet_engine.store.store import Store
from tests.store.world import contents

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).parent / "programs" / "commit_forever.py"
ROWS = 40
ROUNDS = 6


def task_id(batch: int, number: int) -> str:
    return f"{batch:06d}-{number:02d}"


def batch_of(identity: str) -> int:
    return int(identity.split("-", maxsplit=1)[0])


def commit_until_killed(url: str, first: int, batches: int, writes: int) -> int:
    """Let a process acknowledge some batches and write a bit more; kill it. The last that it acknowledged."""
    command = [sys.executable, str(PROGRAM), url, str(first)]
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path}
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=environment) as child:
        assert child.stdout is not None
        acknowledged = [child.stdout.readline() for _ in range(batches)]
        wait_for_writes(url, writes)
        child.kill()
        acknowledged += child.stdout.read().splitlines(keepends=True)
        assert child.wait() == -signal.SIGKILL
    return int([line for line in acknowledged if line.endswith(b"\n")][-1])


def wait_for_writes(url: str, count: int) -> None:
    """Until the log was seen to change so often: a moment in the middle of a commit rather than between two."""
    log = Path(url.removeprefix("sqlite:///") + "-wal")
    seen = log.stat().st_mtime_ns
    while count:
        changed = log.stat().st_mtime_ns
        count -= changed != seen
        seen = changed


def test_every_batch_is_whole_or_absent(url: str) -> None:
    chance = random.Random(20260)
    first = 0
    for _ in range(ROUNDS):
        acknowledged = commit_until_killed(url, first, chance.randint(1, 15), chance.randint(1, 8))
        store = Store.open(url)
        try:
            first = check(store, acknowledged) + 1
        finally:
            store.close()


def check(store: Store, acknowledged: int) -> int:
    """Whether the database holds whole batches up to one, not before the acknowledged one; that one."""
    stored = contents(store)
    created = Counter(batch_of(task["id"]) for task in stored["tasks"])
    last = max(created)
    assert last >= acknowledged
    assert created == dict.fromkeys(range(last + 1), ROWS)
    for table in ("task_events", "log_lines"):
        assert Counter(batch_of(each["task_id"]) for each in stored[table]) == created
    for task in stored["tasks"]:
        check_state(task, last)
    with store.ledger._writer.reading() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return last


def check_state(task: dict[str, object], last: int) -> None:
    """Each batch completes the tasks of the one before, unless a crash came between."""
    batch = batch_of(str(task["id"]))
    if task["state"] == TaskState.COMPLETED:
        assert batch < last
        assert task["output"] == str(batch + 1)
    else:
        assert (task["state"], task["output"]) == (TaskState.RUNNING, None)
