"""`hatchet workflows`: what the workers registered."""

from typing import Annotated

import typer

from hatchet_cli import output
from hatchet_cli.command import command
from hatchet_cli.target import Target

app = typer.Typer(no_args_is_help=True, help="Look at the registered workflows. Alias: workflow.")


@app.command("list", epilog="Example:  hatchet workflows list --search mail")
@command
def list_workflows(
    target: Target,
    search: Annotated[str | None, typer.Option("--search", "-s", help="Part of the name.", show_default=False)] = None,
    limit: Annotated[int, typer.Option("--limit", help="Most rows to show.", min=1, max=10_000)] = 50,
    offset: Annotated[int, typer.Option("--offset", help="Rows to leave out at the top.", min=0)] = 0,
) -> None:
    """List workflows."""
    with target.api() as api:
        answer = api.workflows({"name": search, "limit": limit, "offset": offset})
    if target.json:
        output.document(answer)
        return
    rows = answer.get("rows") or []
    if not rows:
        output.note("No workflows. A worker registers its workflows when it starts: hatchet worker dev")
        return
    output.table(
        ("ID", "NAME", "VERSIONS", "CREATED", "PAUSED"),
        (
            (
                row["metadata"]["id"],
                row["name"],
                str(len(row.get("versions") or [])),
                output.ago(row["metadata"]["createdAt"]),
                "yes" if row.get("isPaused") else "",
            )
            for row in rows
        ),
    )


@app.command("get", epilog="Example:  hatchet workflows get send-email")
@command
def get_workflow(
    workflow: Annotated[str, typer.Argument(metavar="NAME_OR_ID", help="Name or id of the workflow.")],
    target: Target,
) -> None:
    """Show a workflow: its newest version and its tasks."""
    from hatchet_cli.run_filter import workflow_named

    with target.api() as api:
        found = workflow_named(api, workflow)
        version = api.workflow_version(found["metadata"]["id"])
    if target.json:
        output.document(found | {"newestVersion": version})
        return
    output.facts(
        [
            ("Workflow", found["name"]),
            ("Id", found["metadata"]["id"]),
            ("Description", found.get("description") or ""),
            ("Created", output.moment(found["metadata"]["createdAt"])),
            ("Version", f"{version['order']} ({version['metadata']['id']})"),
            ("Registered", output.moment(version["metadata"]["createdAt"])),
            ("Schedule timeout", version.get("scheduleTimeout") or ""),
        ]
    )
    steps = [step for job in version.get("jobs") or [] for step in job["steps"]]
    if steps:
        output.heading("Tasks")
        output.table(
            ("TASK", "ACTION", "TIMEOUT", "AFTER"),
            (
                (
                    step["readableId"],
                    step["action"],
                    step.get("timeout") or "",
                    ", ".join(step.get("parents") or []),
                )
                for step in steps
            ),
        )
