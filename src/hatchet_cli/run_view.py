"""One run, as a person wants to see it: what it is, what happened in each attempt, and why it waits."""

from typing import TYPE_CHECKING

from hatchet_cli import output
from hatchet_cli.api import Api, Document, NotFound

if TYPE_CHECKING:
    from rich.text import Text

MOST_ATTEMPTS = 20
"""Older attempts of a task that are fetched, the newest of them."""


def gather(api: Api, run_id: str) -> Document:
    """The run details of the API, with `attempts`: by task id, the attempts before the current one.

    Args:
        api: the server.
        run_id: a run, or a task run of it.
    """
    try:
        story = api.run(run_id)
    except NotFound:
        story = api.run(api.task(run_id)["workflowRunExternalId"])
    story["attempts"] = {task["taskExternalId"]: _older_attempts(api, task) for task in story["tasks"]}
    return story


def _older_attempts(api: Api, task: Document) -> list[Document]:
    newest = int(task.get("attempt") or 1)
    numbers = range(max(1, newest - MOST_ATTEMPTS), newest)
    return [api.task(task["taskExternalId"], attempt) for attempt in numbers]


def show(story: Document) -> None:
    """Print the run and each of its tasks."""
    run, tasks = story["run"], story["tasks"]
    output.facts(_run_facts(run, tasks))
    for task in tasks:
        if len(tasks) > 1:
            output.heading(f"Task {task['displayName']}")
            output.facts([("Id", task["taskExternalId"]), ("Status", output.status(task["status"]))])
        if task.get("explain"):
            output.heading("Why it waits")
            for cause in task["explain"]:
                output.console().print(f"  • {cause['message']}", soft_wrap=True)
        _show_attempts([*story["attempts"].get(task["taskExternalId"], []), task])
    _show_payload("Input", run.get("input"))
    if run["status"] == "COMPLETED":
        _show_payload("Output", run.get("output"))
    if run.get("errorMessage"):
        _show_payload("Error", run["errorMessage"])


def _run_facts(run: Document, tasks: list[Document]) -> "list[tuple[str, str | Text]]":
    workflow = tasks[0].get("workflowName") if tasks else None
    facts: list[tuple[str, str | Text]] = [
        ("Run", run["metadata"]["id"]),
        ("Workflow", workflow or run["displayName"]),
        ("Status", output.status(run["status"])),
        ("Created", output.moment(run.get("createdAt"))),
        ("Started", output.moment(run.get("startedAt"))),
        ("Finished", output.moment(run.get("finishedAt"))),
        ("Duration", output.duration(run.get("duration"))),
        ("Parent task", run.get("parentTaskExternalId") or ""),
    ]
    if run.get("additionalMetadata"):
        facts.append(("Metadata", output.payload(run["additionalMetadata"])))
    return facts


def _show_attempts(attempts: list[Document]) -> None:
    output.heading("Attempts")
    output.table(
        ("#", "STATUS", "STARTED", "FINISHED", "DURATION", "ERROR"),
        (
            (
                str(attempt.get("attempt") or 1),
                output.status(attempt["status"]),
                output.moment(attempt.get("startedAt")),
                output.moment(attempt.get("finishedAt")),
                output.duration(attempt.get("duration")),
                _last_line(attempt.get("errorMessage")),
            )
            for attempt in attempts
        ),
    )


def _last_line(text: str | None) -> str:
    lines = (text or "").strip().splitlines()
    return lines[-1] if lines else ""


def _show_payload(title: str, value: object) -> None:
    if value in (None, "", {}):
        return
    output.heading(title)
    output.console().print(output.payload(value), soft_wrap=True)


def events(api: Api, run_id: str) -> Document:
    """The events of a run, or of one task run."""
    try:
        return api.run_events(run_id)
    except NotFound:
        return api.task_events(run_id)


def show_events(answer: Document) -> None:
    """Print the events, the oldest first."""
    rows = sorted(answer.get("rows") or [], key=lambda event: (event["timestamp"], event["id"]))
    if not rows:
        output.note("No events.")
        return
    output.table(
        ("TIME", "EVENT", "ATTEMPT", "TASK", "MESSAGE"),
        (
            (
                output.moment(event["timestamp"]),
                event["eventType"],
                str(event.get("attempt") or (event.get("retryCount") or 0) + 1),
                event.get("taskDisplayName") or event["taskId"],
                _last_line(event.get("errorMessage")) or event.get("message") or "",
            )
            for event in rows
        ),
    )
