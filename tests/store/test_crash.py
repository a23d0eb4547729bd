"""kill -9 in the middle of commits: every batch is whole or absent, and what was acknowledged is there."""

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import IO

from hatchet_engine.core.machine import TaskState
from hatchet_engine.store import schema
from hatchet_engine.store.store import Store
from tests.store.world import contents, rows

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).parent / "programs" / "commit_forever.py"
ROWS = 40
ROUNDS = 6


def task_id(batch: int, number: int) -> str:
    return f"{batch:06d}-{number:02d}"


def batch_of(identity: str) -> int:
    return int(identity.split("-", maxsplit=1)[0])


def commit_until_killed(url: str, first: int, batches: int, bytes_later: int) -> int:
    """Let a process commit, and kill it some time after it acknowledged `batches`. The last that it acknowledged."""
    command = [sys.executable, str(PROGRAM), url, str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}) as child:
        assert child.stdout is not None
        acknowledged = [child.stdout.readline() for _ in range(batches)]
        log = wait_for_log(url, bytes_later, child.stdout, acknowledged)
        child.kill()
        acknowledged += child.stdout.read().splitlines(keepends=True)
        assert child.wait() < 0, log
    return int([line for line in acknowledged if line.endswith(b"\n")][-1])


def wait_for_log(url: str, bytes_later: int, lines: IO[bytes], acknowledged: list[bytes]) -> int:
    """Spin until the log has been written to a bit further, so that the kill hits a commit at any point of it."""
    log = Path(url.removeprefix("sqlite:///") + "-wal")
    start = log.stat().st_mtime_ns
    changes = 0
    while changes < bytes_later:
        now = log.stat().st_mtime_ns
        changes += now != start
        start = now
    return changes


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


def test_rows_are_read_by_key(url: str) -> None:
    """The order that the checks above rely on."""
    store = Store.open(url)
    try:
        assert rows(store, schema.tasks) == []
    finally:
        store.close()
