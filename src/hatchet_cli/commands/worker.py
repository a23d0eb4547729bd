"""`hatchet worker`: run a worker during development, look at workers, pause them."""

from typing import Annotated, Any

import typer

from hatchet_cli import output
from hatchet_cli.command import command
from hatchet_cli.target import Target

app = typer.Typer(no_args_is_help=True, help="Run a worker for development; look at workers. Aliases: workers, wrk.")

WorkerRef = Annotated[str, typer.Argument(metavar="ID_OR_NAME", help="Id of a worker, or its name if only one has it.")]
ProfileName = Annotated[
    str | None,
    typer.Option(
        "--profile",
        "-p",
        help="The server to use. Without it: HATCHET_CLIENT_TOKEN, the server that runs on ./.hatchet, the default"
        " profile if it answers, else an engine started for this session (data in ./.hatchet).",
        show_default=False,
    ),
]


@app.command(
    "dev", epilog="Examples:  hatchet worker dev   hatchet worker dev worker.py   hatchet worker dev app.worker:main"
)
@command
def dev(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="TARGET",
            help="What to run: worker.py, package.module or package.module:function."
            " Without it: dev.runCmd of hatchet.yaml, else worker.py.",
        ),
    ] = None,
    run_cmd: Annotated[
        str | None, typer.Option("--run-cmd", "-r", help="A whole command instead.", show_default=False)
    ] = None,
    no_reload: Annotated[bool, typer.Option("--no-reload", help="Do not watch the code.", show_default=False)] = False,
    grace: Annotated[
        str, typer.Option("--grace", help="How long a replaced or stopped worker may finish what it runs.")
    ] = "60s",
    profile: ProfileName = None,
) -> None:
    """Run this project's worker, with its token, and restart it when the code changes.

    A changed worker starts at once; the old one takes no more work and finishes what it runs. If the new code does not
    start, the old worker goes on.
    """
    import asyncio

    from hatchet_cli.dev.session import DevOptions, run_session
    from hatchet_cli.moments import parse_duration_s

    options = DevOptions(target, run_cmd, reload=not no_reload, grace_s=parse_duration_s(grace), profile=profile)
    raise typer.Exit(asyncio.run(run_session(options)))


@app.command("list", epilog="Example:  hatchet worker list --json")
@command
def list_workers(target: Target) -> None:
    """List the workers that were seen in the last 24 hours."""
    with target.api() as api:
        answer = api.workers({})
    if target.json:
        output.document(answer)
        return
    rows = answer.get("rows") or []
    if not rows:
        output.note("No workers. Start one with: hatchet worker dev")
        return
    output.table(("ID", "NAME", "STATUS", "SLOTS IN USE", "LAST HEARTBEAT", "LABELS"), map(_row, rows))


@app.command("get", epilog="Example:  hatchet worker get image-worker")
@command
def get_worker(worker: WorkerRef, target: Target) -> None:
    """Show a worker: status, slots, labels, what it can run."""
    from hatchet_cli.worker_lookup import worker_named

    with target.api() as api:
        found = api.worker(worker_named(api, worker))
    if target.json:
        output.document(found)
        return
    runtime = found.get("runtimeInfo") or {}
    workflows = [one["name"] for one in found.get("registeredWorkflows") or []]
    output.facts(
        [
            ("Worker", found["name"]),
            ("Id", found["metadata"]["id"]),
            ("Status", output.status(found.get("status") or "")),
            ("Slots in use", _slots(found)),
            ("Labels", _labels(found)),
            ("Registered", output.moment(found["metadata"]["createdAt"])),
            ("Last heartbeat", output.ago(found.get("lastHeartbeatAt"))),
            ("SDK", " ".join(filter(None, (runtime.get("language"), runtime.get("sdkVersion"))))),
            ("Runtime", " ".join(filter(None, (runtime.get("languageVersion"), runtime.get("os"))))),
            ("Workflows", ", ".join(workflows)),
            ("Actions", "\n".join(found.get("actions") or [])),
        ]
    )


@app.command("pause", epilog="Example:  hatchet worker pause image-worker")
@command
def pause(worker: WorkerRef, target: Target) -> None:
    """Give a worker no more work. What it runs goes on."""
    _set_paused(worker, target, True)


@app.command("unpause", epilog="Example:  hatchet worker unpause image-worker")
@command
def unpause(worker: WorkerRef, target: Target) -> None:
    """Let a paused worker take work again."""
    _set_paused(worker, target, False)


def _set_paused(worker: str, target: Target, paused: bool) -> None:
    from hatchet_cli.worker_lookup import worker_named

    with target.api() as api:
        answer = api.pause_worker(worker_named(api, worker), paused)
    if target.json:
        output.document(answer)
    else:
        typer.echo(f"Worker {answer['name']} ({answer['metadata']['id']}) is {answer.get('status')}.")


def _row(worker: dict[str, Any]) -> list[Any]:
    return [
        worker["metadata"]["id"],
        worker["name"],
        output.status(worker.get("status") or ""),
        _slots(worker),
        output.ago(worker.get("lastHeartbeatAt")),
        _labels(worker),
    ]


def _slots(worker: dict[str, Any]) -> str:
    parts = []
    for kind, slots in (worker.get("slotConfig") or {}).items():
        available = slots.get("available")
        used = "?" if available is None else slots["limit"] - available
        parts.append(f"{used}/{slots['limit']}" + ("" if kind == "default" else f" {kind}"))
    return ", ".join(parts)


def _labels(worker: dict[str, Any]) -> str:
    return ", ".join(f"{label['key']}={label.get('value') or ''}" for label in worker.get("labels") or [])
