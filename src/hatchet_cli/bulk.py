"""Cancelling and replaying many runs: count, ask, do it piece by piece, say what was done."""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import typer

from hatchet_cli import output
from hatchet_cli.api import ID_CHUNK, Api
from hatchet_cli.failure import UsageError
from hatchet_cli.run_filter import RunFilter, checked_id
from hatchet_cli.target import Target


@dataclass(frozen=True, slots=True)
class Action:
    """What is done, in words and in fact.

    `statuses` are those of the runs that it makes sense for; `left_alone` says why a run may not be affected.
    """

    verb: str
    past: str
    left_alone: str
    statuses: Sequence[str]
    perform: Callable[[Sequence[str]], list[str]]


def cancelling(api: Api) -> Action:
    return Action("cancel", "cancelled", "were finished already", ("QUEUED", "RUNNING"), api.cancel)


def replaying(api: Api) -> Action:
    return Action("replay", "replayed", "are not finished", ("FAILED", "CANCELLED"), api.replay)


@dataclass(frozen=True, slots=True)
class Selection:
    """What the user selected: ids, or a filter; and whether to ask before."""

    ids: Sequence[str]
    which: RunFilter
    yes: bool


def perform(action: Action, api: Api, target: Target, selection: Selection) -> None:
    """Do it, and print what was done.

    Raises:
        UsageError: ids and filters, or neither; or nobody is there to ask.
        CliError: the server refused.
    """
    ids = _selected(action, api, selection)
    done: list[str] = []
    if ids:
        if not selection.ids and not selection.yes:
            _ask(action, len(ids), target.json)
        for chunk in _with_progress(action, ids, target.json):
            done += action.perform(chunk)
    if target.json:
        output.document({"ids": done, "selected": len(ids)})
        return
    typer.echo(f"{len(done)} of {len(ids)} runs {action.past}.")
    if len(done) < len(ids):
        output.note(f"{len(ids) - len(done)} are unknown or {action.left_alone}.")


def _selected(action: Action, api: Api, selection: Selection) -> Sequence[str]:
    if selection.ids and selection.which.given:
        raise UsageError("Give either run ids or filters, not both.")
    if selection.ids:
        return [checked_id(text, "run") for text in selection.ids]
    if not selection.which.given:
        raise UsageError(
            f"Nothing says which runs to {action.verb}.",
            f"Name their ids, or filter: hatchet runs {action.verb} --since 1h --workflow NAME",
        )
    return api.run_ids(selection.which.query(api, action.statuses))


def _ask(action: Action, count: int, as_json: bool) -> None:
    if as_json or not at_terminal():
        raise UsageError(f"{count} runs would be affected, and nobody can be asked.", "Add --yes to go on.")
    if not typer.confirm(f"{action.verb.capitalize()} {count} runs?", err=True):
        raise typer.Exit(1)


def at_terminal() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty()


def _with_progress(action: Action, ids: Sequence[str], quiet: bool) -> Iterator[Sequence[str]]:
    chunks = [ids[start : start + ID_CHUNK] for start in range(0, len(ids), ID_CHUNK)]
    if quiet or len(chunks) == 1:
        yield from chunks
        return
    from rich.progress import Progress

    with Progress(console=output.console(stderr=True)) as progress:
        bar = progress.add_task(f"{action.verb.capitalize()} runs", total=len(ids))
        for chunk in chunks:
            yield chunk
            progress.advance(bar, len(chunk))
