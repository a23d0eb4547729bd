"""The tables and sentences at the end of the demo."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from image_pipeline.journal import Executions


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What the engine's history says about one run."""

    operation: str
    status: str
    retries: int
    reassignments: int
    completions: int
    body_ms: float


@dataclass(frozen=True, slots=True)
class Crash:
    """Times in seconds since the kill; counts at the kill and afterwards."""

    done_before: int
    running_then: int
    engine_back_s: float
    first_result_s: float
    interrupted_done_s: float


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of the values do not exceed (nearest rank); 0 if there are none."""
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(int(rank), 1) - 1] if ordered else 0.0


def runs_table(records: Sequence[RunRecord]) -> Table:
    table = Table(title="Runs, from the engine's history", footer_style="bold", show_footer=True)
    total = row("all", records)
    for heading, value in zip(("operation", "runs", "retries", "failures", "p50 ms", "p95 ms"), total, strict=True):
        table.add_column(heading, footer=value, justify="left" if heading == "operation" else "right")
    for operation in dict.fromkeys(record.operation for record in records):
        table.add_row(*row(operation, [record for record in records if record.operation == operation]))
    return table


def rate(runs: int, elapsed_s: float) -> str:
    return f"{runs} runs in {elapsed_s:.1f} s: {runs / elapsed_s:.1f} runs/s. p50 and p95 are of the task's body."


def row(name: str, records: Sequence[RunRecord]) -> tuple[str, ...]:
    times = [record.body_ms for record in records if record.status == "COMPLETED"]
    return (
        name,
        str(len(records)),
        str(sum(record.retries for record in records)),
        str(sum(record.status != "COMPLETED" for record in records)),
        f"{percentile(times, 50):.0f}",
        f"{percentile(times, 95):.0f}",
    )


def tell_crash(console: Console, crash: Crash) -> None:
    console.print("\n[bold]What the crash did[/bold]")
    for sentence in (
        f"{crash.done_before} results were in when engine and worker were killed with kill -9;"
        f" {crash.running_then} bodies were running.",
        f"The engine was ready again on the same data after {crash.engine_back_s:.1f} s,",
        f"the first new result came {crash.first_result_s:.1f} s after the kill,",
        f"the last of the interrupted runs was done {crash.interrupted_done_s:.1f} s after the kill.",
    ):
        console.print(f"  {sentence}", soft_wrap=True)


def problems(records: Sequence[RunRecord], planned: int, known: int, missing_files: Sequence[str]) -> list[str]:
    """What is wrong; nothing, if every run was completed exactly once and left its file."""
    found = []
    if not planned == len(records) == known:
        found.append(f"{planned} runs were planned, {len(records)} triggered, and the engine knows {known}")
    if unfinished := [record for record in records if record.status != "COMPLETED"]:
        found.append(f"{len(unfinished)} runs are not completed")
    if repeated := [record for record in records if record.status == "COMPLETED" and record.completions != 1]:
        found.append(f"{len(repeated)} completed runs have not exactly one completion in their history")
    if missing_files:
        found.append(f"{len(missing_files)} pictures are missing, e.g. {missing_files[0]}")
    return found


def tell_books(console: Console, records: Sequence[RunRecord], executions: Executions, found: Sequence[str]) -> None:
    completions = sum(record.completions for record in records)
    reassigned = sum(record.reassignments for record in records)
    console.print("\n[bold]The books[/bold]")
    for sentence in (
        f"The worker's own journal: {executions.begun} bodies begun, {executions.ended} ended,"
        f" {executions.raised} raised, {executions.cut_off} cut off.",
        f"The engine's history: {len(records)} runs, {completions} completions,"
        f" {reassigned} times a run was given to another worker.",
        *(f"[red]{problem}[/red]" for problem in found),
    ):
        console.print(f"  {sentence}", soft_wrap=True)
    if not found:
        console.print("  [green]Every run was completed exactly once; none was lost.[/green]")
