"""The log lines of a run, read once or followed."""

import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import typer

from hatchet_cli import output
from hatchet_cli.api import Api, NotFound

PAGE = 1000
FOLLOW_POLL_S = 0.5
TERMINAL = frozenset({"COMPLETED", "FAILED", "CANCELLED"})

Line = dict[str, Any]


class LogReader:
    """Reads the lines of all task runs of a run, each line once.

    Args:
        api: the server.
        run_id: a run, or one task run.
        since: leave out lines at or before this RFC 3339 time.
    """

    def __init__(self, api: Api, run_id: str, since: str | None) -> None:
        self._api = api
        self._run_id = run_id
        self._since = since
        self._positions: dict[str, str | None] = {}
        self._seen: dict[str, set[tuple[str, str]]] = {}

    def read(self) -> list[Line]:
        """The lines that were not read before, in the order of their times."""
        lines = [line for task_id in self._task_ids() for line in self._new_lines(task_id)]
        return sorted(lines, key=lambda line: str(line["createdAt"]))

    def finished(self) -> bool:
        try:
            return self._api.run_status(self._run_id) in TERMINAL
        except NotFound:
            return self._api.task(self._run_id)["status"] in TERMINAL

    def _task_ids(self) -> list[str]:
        try:
            return [task["taskExternalId"] for task in self._api.run(self._run_id)["tasks"]]
        except NotFound:
            return [self._api.task(self._run_id)["taskExternalId"]]

    def _new_lines(self, task_id: str) -> Iterator[Line]:
        """`since` excludes its moment, so lines of that microsecond are asked for again and sorted out."""
        while True:
            position = self._positions.get(task_id, self._since)
            page = self._api.logs(task_id, {"limit": PAGE, "since": position, "order_by_direction": "ASC"})
            rows: list[Line] = page.get("rows") or []
            seen = self._seen.setdefault(task_id, set())
            fresh = [line for line in rows if _identity(line) not in seen]
            if not fresh:
                return
            yield from fresh
            last = fresh[-1]["createdAt"]
            self._seen[task_id] = {_identity(line) for line in rows if line["createdAt"] == last}
            self._positions[task_id] = _just_before(last)
            if len(rows) < PAGE:
                return


def print_all(reader: LogReader, tail: int, as_json: bool) -> None:
    """Print the lines there are; the last `tail` of them, 0 for all."""
    lines = reader.read()[-tail:]
    if as_json:
        output.document({"rows": lines})
        return
    for line in lines:
        _show(line)
    if not lines:
        output.note("Nothing was logged.")


def follow(reader: LogReader, tail: int, as_json: bool) -> None:
    """Print lines as they come, until the run is finished."""
    first = True
    while True:
        finished = reader.finished()  # asked before reading: lines written before the end are read after it
        lines = reader.read()
        for line in lines[-tail:] if first else lines:
            if as_json:
                output.json_line(line)
            else:
                _show(line)
        first = False
        if finished:
            return
        time.sleep(FOLLOW_POLL_S)


def _identity(line: Line) -> tuple[str, str]:
    return line["createdAt"], line["message"]


def _just_before(moment: str) -> str:
    return (datetime.fromisoformat(moment) - timedelta(microseconds=1)).isoformat().replace("+00:00", "Z")


def _show(line: Line) -> None:
    attempt = line.get("attempt") or (line.get("retryCount") or 0) + 1
    metadata = f" {json.dumps(line['metadata'], ensure_ascii=False)}" if line.get("metadata") else ""
    typer.echo(
        f"{output.moment(line['createdAt'])} {line.get('level') or 'INFO':<5} #{attempt} {line['message']}{metadata}"
    )
