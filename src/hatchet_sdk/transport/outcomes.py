"""Waiting for the ends of runs."""

from collections import OrderedDict
from collections.abc import Sequence

from hatchet_sdk.transport.mailbox import Reply
from hatchet_sdk.transport.records import RunOutcome

UNCLAIMED_LIMIT_BYTES = 64 * 1024 * 1024
_OVERHEAD_BYTES = 500


class OutcomeWait:
    """Somebody who waits for a set of runs; answered when the last one has ended."""

    __slots__ = ("_arrived", "_missing", "_reply", "run_ids")

    def __init__(self, run_ids: Sequence[str], reply: Reply[list[RunOutcome]]) -> None:
        self.run_ids = run_ids
        self._reply = reply
        self._arrived: dict[str, RunOutcome] = {}
        self._missing = len(set(run_ids))

    def arrived(self, outcome: RunOutcome) -> None:
        if outcome.run_id in self._arrived:
            return
        self._arrived[outcome.run_id] = outcome
        self._missing -= 1
        if self._missing == 0:
            self._reply.resolve([self._arrived[run_id] for run_id in self.run_ids])

    def failed(self, error: BaseException) -> None:
        self._reply.fail(error)


class Outcomes:
    """Who waits for which run, and outcomes that came before anybody asked.

    Those are kept up to a size, the oldest are dropped first: the engine is then asked again.
    """

    def __init__(self, limit_bytes: int = UNCLAIMED_LIMIT_BYTES) -> None:
        self._limit = limit_bytes
        self._unclaimed: OrderedDict[str, RunOutcome] = OrderedDict()
        self._unclaimed_bytes = 0
        self._waits: dict[str, list[OutcomeWait]] = {}
        self._pushed: set[str] = set()

    @property
    def waiting(self) -> bool:
        """Whether anybody waits."""
        return bool(self._waits)

    def outstanding(self) -> list[str]:
        """The runs whose outcomes the engine owes us."""
        return [*self._waits, *(run_id for run_id in self._pushed if run_id not in self._waits)]

    def expect(self, run_ids: Sequence[str]) -> None:
        """The engine will push these without being asked."""
        self._pushed.update(run_ids)

    def add(self, wait: OutcomeWait) -> list[str]:
        """Start waiting. Returns the runs that the engine has to be asked for."""
        to_ask = []
        for run_id in dict.fromkeys(wait.run_ids):
            outcome = self._unclaimed.pop(run_id, None)
            if outcome is not None:
                self._unclaimed_bytes -= _size(outcome)
                wait.arrived(outcome)
                continue
            if run_id not in self._waits and run_id not in self._pushed:
                to_ask.append(run_id)
            self._waits.setdefault(run_id, []).append(wait)
        return to_ask

    def discard(self, wait: OutcomeWait) -> list[str]:
        """Nobody wants this any more. Returns the runs that nobody waits for now."""
        idle = []
        for run_id in dict.fromkeys(wait.run_ids):
            waits = self._waits.get(run_id)
            if waits is None or wait not in waits:
                continue
            waits.remove(wait)
            if not waits:
                del self._waits[run_id]
                self._pushed.discard(run_id)
                idle.append(run_id)
        return idle

    def arrived(self, outcome: RunOutcome) -> None:
        expected = outcome.run_id in self._pushed
        self._pushed.discard(outcome.run_id)
        waits = self._waits.pop(outcome.run_id, None)
        if waits is not None:
            for wait in waits:
                wait.arrived(outcome)
        elif expected:
            self._keep(outcome)

    def fail(self, error: BaseException) -> None:
        """Nothing more will come."""
        waits = {wait for waits in self._waits.values() for wait in waits}
        self._waits.clear()
        self._pushed.clear()
        for wait in waits:
            wait.failed(error)

    def _keep(self, outcome: RunOutcome) -> None:
        self._unclaimed[outcome.run_id] = outcome
        self._unclaimed_bytes += _size(outcome)
        while self._unclaimed_bytes > self._limit and self._unclaimed:
            _, dropped = self._unclaimed.popitem(last=False)
            self._unclaimed_bytes -= _size(dropped)


def _size(outcome: RunOutcome) -> int:
    return _OVERHEAD_BYTES + sum(len(task.output) + len(task.error or "") for task in outcome.tasks)
