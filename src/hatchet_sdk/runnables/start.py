"""Starting runs and waiting for them: the part that happens on the wire."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from hatchet_sdk.transport.connection import Connection
from hatchet_sdk.transport.records import RunOutcome, TriggerSpec

R = TypeVar("R")


async def start_and_wait(connection: Connection, specs: Sequence[TriggerSpec]) -> list[RunOutcome]:
    """Start runs, then wait until all of them have ended. In the order of `specs`."""
    return await connection.run(specs)


def results_of(outcomes: Sequence[RunOutcome], read: Callable[[RunOutcome], R]) -> list[R]:
    """What each run returned.

    Raises:
        Exception: what stands for the first run that has not completed, or whose output cannot be read.
    """
    return [read(outcome) for outcome in outcomes]


def results_or_exceptions(outcomes: Sequence[RunOutcome], read: Callable[[RunOutcome], R]) -> list[R | BaseException]:
    """What each run returned, or the exception that stands for it."""
    results: list[R | BaseException] = []
    for outcome in outcomes:
        try:
            results.append(read(outcome))
        except Exception as error:
            results.append(error)
    return results
