"""The tables in docs/architecture.md are the tables of the code."""

from pathlib import Path

from hatchet_engine.core.machine import (
    TASK_TRANSITIONS,
    TERMINAL,
    WORKER_TRANSITIONS,
    TaskEvent,
    TaskState,
    WorkerEvent,
    WorkerState,
)

DOC = Path(__file__).parents[2] / "docs" / "architecture.md"


def documented(first_cell: str) -> dict[tuple[str, str], str]:
    """The documentation's table whose header starts with this cell, as (state, event) -> state."""
    lines = iter(DOC.read_text().splitlines())
    header = next(line for line in lines if line.startswith(f"| {first_cell} |"))
    events = [cell.strip() for cell in header.strip("|").split("|")][1:]
    next(lines)
    table = {}
    for line in lines:
        if not line.startswith("|"):
            break
        states, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        for state in states.split(", "):
            table.update({(state, event): cell for event, cell in zip(events, cells, strict=True) if cell})
    return table


def test_the_documented_tables_are_the_code() -> None:
    assert documented("task") == {(s.name, e.name): to.name for (s, e), to in TASK_TRANSITIONS.items()}
    assert documented("worker") == {(s.name, e.name): to.name for (s, e), to in WORKER_TRANSITIONS.items()}


def test_only_a_replay_leaves_a_terminal_state() -> None:
    leaving = {event for state, event in TASK_TRANSITIONS if state in TERMINAL}
    assert leaving == {TaskEvent.REPLAY}


def test_every_state_and_event_is_used() -> None:
    assert {state for state, _ in TASK_TRANSITIONS} == set(TaskState)
    assert {event for _, event in TASK_TRANSITIONS} == set(TaskEvent)
    assert {state for state, _ in WORKER_TRANSITIONS} | {WorkerState.GONE} == set(WorkerState)
    assert {event for _, event in WORKER_TRANSITIONS} == set(WorkerEvent)
