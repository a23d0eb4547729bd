"""`hatchet runs`: look at runs, cancel them, run them again."""

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from hatchet_cli import output
from hatchet_cli.command import command
from hatchet_cli.run_filter import RunFilter, checked_id
from hatchet_cli.target import Target

app = typer.Typer(no_args_is_help=True, help="Look at runs, cancel them, replay them. Alias: run.")

RunId = Annotated[str, typer.Argument(metavar="RUN_ID", help="Id of a run or of one of its task runs.")]
RunIds = Annotated[
    list[str] | None,
    typer.Argument(metavar="RUN_ID", help="Ids of runs. Without any, the filters select the runs."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.", show_default=False)]


@dataclass(frozen=True, kw_only=True)
class Page:
    """Which part of a list."""

    limit: Annotated[int, typer.Option("--limit", help="Most rows to show.", min=1, max=10_000)] = 50
    offset: Annotated[int, typer.Option("--offset", help="Rows to leave out at the top.", min=0)] = 0


@app.command("list", epilog="Example:  hatchet runs list --since 1h --status FAILED,CANCELLED -w send-email")
@command
def list_runs(
    target: Target,
    which: RunFilter,
    page: Page,
    only_tasks: Annotated[
        bool, typer.Option("--only-tasks", help="One row per task run instead of one per run.", show_default=False)
    ] = False,
) -> None:
    """List runs, the newest first."""
    with target.api() as api:
        query = which.query(api) | {"limit": str(page.limit), "offset": str(page.offset)}
        answer = api.runs({**query, "only_tasks": only_tasks, "include_payloads": target.json})
    if target.json:
        output.document(answer)
        return
    rows = answer["rows"]
    if not rows:
        output.note("No runs match. The window is --since (24h unless given).")
        return
    output.table(("ID", "WORKFLOW", "STATUS", "ATTEMPT", "CREATED", "DURATION", "ERROR"), map(_row, rows))
    pages = answer["pagination"].get("num_pages") or 1
    if pages > 1:
        output.note(f"Page {answer['pagination'].get('current_page', 1)} of {pages}; see --offset and --limit.")


def _row(run: dict[str, Any]) -> list[Any]:
    error = (run.get("errorMessage") or "").strip().splitlines()
    return [
        run["metadata"]["id"],
        run.get("workflowName") or run["displayName"],
        output.status(run["status"]),
        str(run.get("attempt") or ""),
        output.ago(run["createdAt"]),
        output.duration(run.get("duration")),
        error[-1][:80] if error else "",
    ]


@app.command("get", epilog="Example:  hatchet runs get 01998c5e-0000-7000-8000-000000000000")
@command
def get_run(run_id: RunId, target: Target) -> None:
    """Show a run: status, attempts, times, input, output or error - and why it waits, if it does."""
    from hatchet_cli import run_view

    with target.api() as api:
        story = run_view.gather(api, checked_id(run_id, "run"))
    if target.json:
        output.document(story)
    else:
        run_view.show(story)


@app.command("events", epilog="Example:  hatchet runs events 01998c5e-0000-7000-8000-000000000000")
@command
def events(run_id: RunId, target: Target) -> None:
    """List what happened to a run, step by step."""
    from hatchet_cli import run_view

    with target.api() as api:
        answer = run_view.events(api, checked_id(run_id, "run"))
    if target.json:
        output.document(answer)
    else:
        run_view.show_events(answer)


@app.command("logs", epilog="Example:  hatchet runs logs --follow 01998c5e-0000-7000-8000-000000000000")
@command
def logs(
    run_id: RunId,
    target: Target,
    tail: Annotated[int, typer.Option("--tail", help="Only the last N lines; 0 = all.", min=0)] = 0,
    since: Annotated[
        str | None, typer.Option("--since", help="Only lines after: a duration before now or a time.")
    ] = None,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow", "-f", help="Go on until the run is finished. With --json: one line of JSON per log line."
        ),
    ] = False,
) -> None:
    """Show what the tasks of a run logged."""
    from hatchet_cli import run_logs
    from hatchet_cli.moments import parse_moment

    with target.api() as api:
        reader = run_logs.LogReader(api, checked_id(run_id, "run"), parse_moment(since) if since else None)
        if follow:
            run_logs.follow(reader, tail, target.json)
        else:
            run_logs.print_all(reader, tail, target.json)


@app.command("cancel", epilog="Example:  hatchet runs cancel --since 1h --workflow send-email --yes")
@command
def cancel(target: Target, which: RunFilter, run_ids: RunIds = None, yes: Yes = False) -> None:
    """Cancel runs: those named, or all that the filters select (QUEUED and RUNNING unless --status says otherwise)."""
    from hatchet_cli import bulk

    with target.api() as api:
        bulk.perform(bulk.cancelling(api), api, target, bulk.Selection(run_ids or [], which, yes))


@app.command("replay", epilog="Example:  hatchet runs replay --since 2d --status FAILED")
@command
def replay(target: Target, which: RunFilter, run_ids: RunIds = None, yes: Yes = False) -> None:
    """Run finished runs again, with the same input: those named, or all that the filters select.

    Without --status the filters select FAILED and CANCELLED runs.
    """
    from hatchet_cli import bulk

    with target.api() as api:
        bulk.perform(bulk.replaying(api), api, target, bulk.Selection(run_ids or [], which, yes))
