"""The read side: what REST, gRPC look-ups and late results need, straight from the tables.

Every function takes `Store.reader`, blocks, and is called in a thread, never on the engine loop.
"""

from hatchet_engine.store.queries.runs import (
    FinishedOutcome,
    RunDetails,
    RunTask,
    finished_outcomes,
    run_details,
)

__all__ = ["FinishedOutcome", "RunDetails", "RunTask", "finished_outcomes", "run_details"]
