"""Marks in shared memory: the worker stamps slot `n` when task `n` runs, the client reads.

One file (env BENCH_MARKS), mapped by every process, 16 bytes a slot: a double with CLOCK_MONOTONIC of the first start,
then the number of executions. That clock is system wide on Linux, so a stamp of the worker can be compared with the
client's clock. A mark costs well under a microsecond and needs no network: it never competes with the measured system.
"""

import functools
import logging
import mmap
import os
import struct
import time
from pathlib import Path

SLOT_BYTES = 16
RECORD = struct.Struct("=dQ")

if os.environ.get("BENCH_VERBOSE") != "1":
    logging.disable(logging.INFO)  # no system pays for a log line per task


class Marks:
    """The slots of one file."""

    def __init__(self, path: str | Path) -> None:
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 0)

    @classmethod
    def create(cls, path: str | Path, slots: int) -> "Marks":
        with open(path, "wb") as file:
            file.truncate(slots * SLOT_BYTES)
        return cls(path)

    def mark(self, n: int) -> None:
        offset = n * SLOT_BYTES
        first_start, runs = RECORD.unpack_from(self.memory, offset)
        RECORD.pack_into(self.memory, offset, first_start or time.monotonic(), runs + 1)

    def started(self, n: int) -> float:
        """When task n first started; 0.0 if it has not."""
        return RECORD.unpack_from(self.memory, n * SLOT_BYTES)[0]

    def runs(self, n: int) -> int:
        return RECORD.unpack_from(self.memory, n * SLOT_BYTES)[1]

    def starts(self, first: int, count: int) -> list[float]:
        """First starts of a range, in slot order; 0.0 where a task has not started."""
        return self._column(first, count, "d", 0)

    def executed(self, first: int, count: int) -> int:
        return count - self.starts(first, count).count(0.0)

    def repeated(self, first: int, count: int) -> int:
        """How many tasks of a range ran more than once."""
        return sum(runs > 1 for runs in self._column(first, count, "Q", 1))

    def _column(self, first: int, count: int, kind: str, column: int) -> list:
        with memoryview(self.memory) as whole, whole[first * SLOT_BYTES : (first + count) * SLOT_BYTES] as part:
            return part.cast(kind)[column::2].tolist()


@functools.cache
def marks() -> Marks:
    """The marks of this process, from the environment."""
    return Marks(os.environ["BENCH_MARKS"])


def mark(n: int) -> None:
    """Called by the task body in the worker process."""
    marks().mark(n)
