"""What was promised and what happened; raises `Violation` as soon as the two differ."""

from hatchet_engine.core.changes import Assigned, Changes, TaskReopened
from hatchet_engine.core.machine import TERMINAL, TaskState
from tests.sim.disk import Disk


class Violation(AssertionError):
    """A promise was broken."""


class History:
    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.acknowledged: set[str] = set()
        self.cancelled: set[str] = set()
        """Runs whose cancellation was acknowledged and that were not replayed since."""
        self.ended: set[tuple[str, int]] = set()
        """Attempts whose terminal row was written."""
        self.results: dict[tuple[str, int], TaskState] = {}

    def acknowledge(self, run_ids: list[str]) -> None:
        self.acknowledged.update(run_ids)
        self.nothing_lost()

    def nothing_lost(self) -> None:
        lost = self.acknowledged - self.disk.tasks.keys()
        if lost:
            raise Violation(f"acknowledged but not on disk: {sorted(lost)}")

    def committed(self, changes: Changes, rows: Disk) -> None:
        """A batch is on disk."""
        for task_id, row in rows.tasks.items():
            if row["state"] in TERMINAL and task_id in changes.results:
                self._ended(task_id, row)
        for effect in changes.effects:
            if isinstance(effect, TaskReopened):
                self.cancelled.discard(effect.task_id)

    def _ended(self, task_id: str, row: dict[str, object]) -> None:
        attempt = (task_id, int(row["retry_count"]))  # type: ignore[call-overload]
        if attempt in self.ended:
            raise Violation(f"attempt {attempt} ended twice")
        self.ended.add(attempt)
        output = row["output"]
        if row["state"] is TaskState.COMPLETED and output != output_of(*attempt, str(row["worker_id"])):
            raise Violation(f"attempt {attempt} on {row['worker_id']} was completed by another: {output}")

    def released(self, changes: Changes) -> None:
        """Effects leave the engine."""
        for effect in changes.effects:
            if isinstance(effect, Assigned) and effect.task_id in self.cancelled:
                raise Violation(f"{effect.task_id} is started after its cancellation was acknowledged")

    def cancel_acknowledged(self, run_ids: list[str]) -> None:
        for run_id in run_ids:
            if self.disk.tasks[run_id]["state"] in TERMINAL:
                self.cancelled.add(run_id)
            else:
                raise Violation(f"the cancellation of {run_id} was acknowledged but is not on disk")

    def result(self, run_id: str, retry_count: int, state: TaskState) -> None:
        """A client was told an outcome."""
        told = self.results.setdefault((run_id, retry_count), state)
        if told is not state:
            raise Violation(f"attempt {(run_id, retry_count)} was told to be {told.name} and {state.name}")
        if (run_id, retry_count) not in self.ended:
            raise Violation(f"attempt {(run_id, retry_count)} was told to be {state.name} but is not on disk so")

    def all_finished(self) -> None:
        """The end of a quiet phase with healthy workers."""
        self.nothing_lost()
        stuck = {
            run_id: TaskState(row["state"]).name
            for run_id, row in self.disk.tasks.items()
            if row["state"] not in TERMINAL
        }
        if stuck:
            raise Violation(f"not finished although nothing stood in the way: {stuck}")


def output_of(task_id: str, retry_count: int, worker_id: str) -> str:
    """What a simulated attempt returns: who produced it."""
    return f'{{"by":"{task_id}/{retry_count}@{worker_id}"}}'
