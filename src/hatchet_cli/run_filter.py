"""The options that select runs, shared by the commands that list, cancel and replay them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from hatchet_cli.failure import CliError, UsageError

if TYPE_CHECKING:
    from hatchet_cli.api import Api, Document

STATUSES = ("QUEUED", "RUNNING", "COMPLETED", "FAILED", "CANCELLED")
DEFAULT_SINCE = "24h"


@dataclass(frozen=True, kw_only=True)
class RunFilter:
    """Which runs."""

    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            "-s",
            help="Created at or after: a duration before now (30m, 24h, 7d) or a time (2026-01-31T12:00:00Z)."
            f" Without it: {DEFAULT_SINCE}.",
            show_default=False,
        ),
    ] = None
    until: Annotated[
        str | None, typer.Option("--until", help="Created at or before; written like --since.", show_default=False)
    ] = None
    workflow: Annotated[
        list[str] | None,
        typer.Option("--workflow", "-w", help="Name of a workflow; may be repeated.", show_default=False),
    ] = None
    status: Annotated[
        list[str] | None,
        typer.Option("--status", help=f"{', '.join(STATUSES)}; repeated or separated by commas.", show_default=False),
    ] = None
    metadata: Annotated[
        list[str] | None,
        typer.Option(
            "--metadata", "-m", help="key:value of the additional metadata; may be repeated (any of them)."
            , show_default=False,
        ),
    ] = None  # fmt: skip

    @property
    def given(self) -> bool:
        """Whether the user gave any of the options."""
        return any((self.since, self.until, self.workflow, self.status, self.metadata))

    def query(self, api: "Api", default_statuses: Sequence[str] = ()) -> dict[str, str | Sequence[str] | None]:
        """The query parameters of the REST API.

        Args:
            api: where the names of workflows are looked up.
            default_statuses: used if the user named none.

        Raises:
            UsageError: a value that does not exist.
        """
        from hatchet_cli.moments import parse_moment

        return {
            "since": parse_moment(self.since or DEFAULT_SINCE),
            "until": parse_moment(self.until) if self.until else None,
            "statuses": self._statuses() or list(default_statuses) or None,
            "workflow_ids": [workflow_named(api, name)["metadata"]["id"] for name in self.workflow or ()] or None,
            "additional_metadata": self._metadata() or None,
        }

    def _statuses(self) -> list[str]:
        names = [name.strip().upper() for text in self.status or () for name in text.split(",") if name.strip()]
        for name in names:
            if name not in STATUSES:
                raise UsageError(f"There is no status {name!r}.", f"Statuses: {', '.join(STATUSES)}.")
        return names

    def _metadata(self) -> list[str]:
        pairs = [text.replace("=", ":", 1) if ":" not in text else text for text in self.metadata or ()]
        for pair in pairs:
            if ":" not in pair:
                raise UsageError(f"{pair!r} is no metadata filter.", "Write key:value, e.g. --metadata customer:42.")
        return pairs


def workflow_named(api: "Api", name: str) -> "Document":
    """The workflow of that name or id.

    Raises:
        CliError: there is none.
    """
    rows = api.workflows({"name": name, "limit": 1000}).get("rows") or []
    for row in rows:
        if row["name"] == name:
            return dict(row)
    if is_id(name):
        return api.workflow(name)
    similar = ", ".join(sorted(row["name"] for row in rows)[:5])
    hint = f"Did you mean: {similar}?" if similar else "See `hatchet workflows list`; a worker registers its workflows."
    raise CliError(f"There is no workflow {name!r}.", hint)


def is_id(text: str) -> bool:
    """Whether the text is a UUID, as the ids of runs, tasks, workers and workflows are."""
    from uuid import UUID

    try:
        UUID(text)
    except ValueError:
        return False
    return True


def checked_id(text: str, what: str) -> str:
    """The id, if it is one.

    Raises:
        UsageError: it is no UUID.
    """
    if not is_id(text):
        raise UsageError(f"{text!r} is not the id of a {what}.", f"Ids are UUIDs; see `hatchet {what}s list`.")
    return text
