"""`hatchet runs`, against answers of the API."""

import json
from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.cli.fake_rest import CREATED, RUN, TENANT, WORKFLOW, FakeRest, metadata, run_details, task

STABLE = f"/api/v1/stable/tenants/{TENANT}"
LIST, IDS = f"GET {STABLE}/workflow-runs", f"GET {STABLE}/workflow-runs/external-ids"
CANCEL, REPLAY = f"POST {STABLE}/tasks/cancel", f"POST {STABLE}/tasks/replay"
DETAILS, TASK = f"GET /api/v1/stable/workflow-runs/{RUN}", f"GET /api/v1/stable/tasks/{RUN}"


def page(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"rows": list(rows), "pagination": {"current_page": 1, "num_pages": 1}}


def test_list_shows_runs(cli: Cli, rest: FakeRest) -> None:
    rest.routes[LIST] = page(task(status="FAILED", errorMessage="Traceback ...\nValueError: no name"))
    shown = cli.ok("runs", "list").stdout
    assert all(text in shown for text in (RUN, "greet", "FAILED", "12ms", "ValueError: no name"))


def test_list_json_is_what_the_server_said(cli: Cli, rest: FakeRest) -> None:
    rest.routes[LIST] = page(task())
    assert cli.document("runs", "list") == page(task())
    assert rest.queries(LIST)[0]["include_payloads"] == ["true"]


def test_filters_reach_the_server(cli: Cli, rest: FakeRest) -> None:
    rest.routes[LIST] = page()
    rest.routes[f"GET /api/v1/tenants/{TENANT}/workflows"] = {
        "rows": [{"name": "greeting", "metadata": metadata(RUN)}, {"name": "greet", "metadata": metadata(WORKFLOW)}]
    }
    cli.ok(
        *("runs", "list", "--since", CREATED, "--until", "2026-02-01T00:00:00+01:00", "-w", "greet"),
        *("--status", "failed,cancelled", "-m", "customer=42", "-m", "k:v", "--limit", "7", "--offset", "14"),
    )
    (query,) = rest.queries(LIST)
    assert query["since"] == [CREATED]
    assert query["until"] == ["2026-01-31T23:00:00Z"]
    assert query["workflow_ids"] == [WORKFLOW]
    assert query["statuses"] == ["FAILED", "CANCELLED"]
    assert query["additional_metadata"] == ["customer:42", "k:v"]
    assert (query["limit"], query["offset"], query["only_tasks"]) == (["7"], ["14"], ["false"])


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--status", "RETRYING", "RETRYING"),
        ("--since", "yesterday", "yesterday"),
        ("--metadata", "plain", "key:value"),
    ],
)
def test_a_wrong_filter_is_a_usage_error(cli: Cli, rest: FakeRest, option: str, value: str, said: str) -> None:
    result = cli.failure("runs", "list", option, value)
    assert result.exit_code == 2
    assert said in result.stderr


def test_an_unknown_workflow_is_named_with_similar_ones(cli: Cli, rest: FakeRest) -> None:
    rest.routes[f"GET /api/v1/tenants/{TENANT}/workflows"] = {
        "rows": [{"name": "greeting", "metadata": metadata(WORKFLOW)}]
    }
    result = cli.failure("runs", "list", "-w", "greet")
    assert "'greet'" in result.stderr
    assert "greeting" in result.stderr


def test_get_shows_every_attempt(cli: Cli, rest: FakeRest) -> None:
    rest.routes[DETAILS] = run_details(attempt=2)
    rest.routes[TASK] = lambda query, _: (
        200,
        task(status="FAILED", errorMessage="boom", attempt=int(query["attempt"][0])),
    )
    shown = cli.ok("runs", "get", RUN).stdout
    assert all(text in shown for text in ("COMPLETED", "FAILED", "boom", "Ada", "hi"))
    assert cli.document("runs", "get", RUN)["attempts"][RUN][0]["attempt"] == 1


def test_get_says_why_a_run_waits(cli: Cli, rest: FakeRest) -> None:
    text = "No worker is registered for 'greet:greet'"
    cause = {"kind": "no_worker", "message": text, "detail": {}}
    rest.routes[DETAILS] = run_details(status="QUEUED", startedAt=None, finishedAt=None, duration=None, explain=[cause])
    shown = cli.ok("runs", "get", RUN).stdout
    assert "Why it waits" in shown
    assert text in shown


def test_get_of_a_task_run_shows_its_run(cli: Cli, rest: FakeRest) -> None:
    other = "55555555-5555-4555-8555-555555555555"
    rest.routes[f"GET /api/v1/stable/tasks/{other}"] = task()
    rest.routes[DETAILS] = run_details()
    assert RUN in cli.ok("runs", "get", other).stdout


def test_markup_in_user_text_is_shown_as_it_is(cli: Cli, rest: FakeRest) -> None:
    rest.routes[DETAILS] = run_details(status="FAILED", errorMessage="KeyError: [red]x[/red] :smile:")
    assert "[red]x[/red] :smile:" in cli.ok("runs", "get", RUN).stdout


def test_an_id_that_is_none_and_one_that_is_unknown(cli: Cli, rest: FakeRest) -> None:
    assert cli.failure("runs", "get", "greet").exit_code == 2
    assert cli.failure("runs", "get", RUN).exit_code == 1


def test_events(cli: Cli, rest: FakeRest) -> None:
    event = {"id": 1, "taskId": RUN, "timestamp": CREATED, "eventType": "RETRYING", "message": "again", "attempt": 1}
    rest.routes[f"{DETAILS}/task-events"] = {"rows": [event]}
    shown = cli.ok("runs", "events", RUN).stdout
    assert "RETRYING" in shown
    assert "again" in shown
    assert cli.document("runs", "events", RUN) == {"rows": [event]}


def log_line(number: int, second: int = 0) -> dict[str, Any]:
    moment = f"2026-01-02T03:04:{second:02}.000000Z"
    return {"createdAt": moment, "message": f"line {number}", "level": "INFO", "attempt": 1, "metadata": {}}


def log_server(rest: FakeRest, lines: list[dict[str, Any]], status: str = "COMPLETED") -> None:
    """Serves the lines after `since`, as the API does."""

    def logs(query: dict[str, list[str]], _: Any) -> tuple[int, Any]:
        since = query.get("since", [""])[0].replace("Z", "")
        found = [line for line in lines if line["createdAt"].replace("Z", "") > since]
        return 200, {"rows": found[: int(query["limit"][0])]}

    rest.routes[DETAILS] = run_details()
    rest.routes[f"{DETAILS}/status"] = status
    rest.routes[f"{TASK}/logs"] = logs


def test_logs_and_the_last_of_them(cli: Cli, rest: FakeRest) -> None:
    log_server(rest, [log_line(number, number) for number in range(5)])
    assert cli.ok("runs", "logs", RUN).stdout.count("line") == 5
    assert cli.ok("runs", "logs", RUN, "--tail", "2").stdout.count("line") == 2
    assert len(cli.document("runs", "logs", RUN)["rows"]) == 5


def test_more_logs_than_a_page(cli: Cli, rest: FakeRest) -> None:
    log_server(rest, [log_line(number, number // 600) for number in range(2500)])
    assert len(cli.document("runs", "logs", RUN)["rows"]) == 2500


def test_followed_logs_come_once_each_until_the_end(cli: Cli, rest: FakeRest) -> None:
    lines = [log_line(0)]
    log_server(rest, lines)
    asked = 0

    def status(_: Any, __: Any) -> tuple[int, Any]:
        nonlocal asked
        asked += 1
        lines.append(log_line(asked))  # of the same microsecond as the line before
        return 200, "COMPLETED" if asked == 3 else "RUNNING"

    rest.routes[f"{DETAILS}/status"] = status
    shown = cli.ok("runs", "logs", "--follow", RUN, "--json").stdout
    assert [json.loads(line)["message"] for line in shown.splitlines()] == [f"line {n}" for n in range(4)]


def echo_ids(_: Any, body: Any) -> tuple[int, Any]:
    return 200, {"ids": body["externalIds"]}


def some_ids(count: int) -> list[str]:
    return [f"00000000-0000-4000-8000-{number:012}" for number in range(count)]


def test_cancel_by_id_asks_nobody(cli: Cli, rest: FakeRest) -> None:
    rest.routes[CANCEL] = echo_ids
    assert "1 of 1 runs cancelled" in cli.ok("runs", "cancel", RUN).stdout
    assert rest.bodies(CANCEL) == [{"externalIds": [RUN]}]


@pytest.mark.parametrize(
    ("verb", "route", "statuses"),
    [("cancel", CANCEL, ["QUEUED", "RUNNING"]), ("replay", REPLAY, ["FAILED", "CANCELLED"])],
)
def test_bulk_takes_those_it_makes_sense_for_in_chunks(
    cli: Cli, rest: FakeRest, verb: str, route: str, statuses: list[str]
) -> None:
    rest.routes[IDS] = some_ids(1201)
    rest.routes[route] = echo_ids
    assert cli.document("runs", verb, "--since", "1h", "--yes") == {"ids": some_ids(1201), "selected": 1201}
    assert [len(body["externalIds"]) for body in rest.bodies(route)] == [500, 500, 201]
    assert rest.queries(IDS)[0]["statuses"] == statuses


def test_bulk_shows_progress_on_stderr(cli: Cli, rest: FakeRest) -> None:
    rest.routes[IDS] = some_ids(600)
    rest.routes[CANCEL] = echo_ids
    result = cli.ok("runs", "cancel", "--since", "1h", "-y")
    assert result.stdout == "600 of 600 runs cancelled.\n"
    assert "100%" in result.stderr


def test_bulk_without_a_terminal_needs_yes(cli: Cli, rest: FakeRest) -> None:
    rest.routes[IDS] = some_ids(3)
    rest.routes[CANCEL] = echo_ids
    result = cli.failure("runs", "cancel", "--since", "1h")
    assert result.exit_code == 2
    assert "3 runs" in result.stderr
    assert rest.bodies(CANCEL) == []


@pytest.mark.parametrize(("answer", "code", "calls"), [("y\n", 0, 1), ("n\n", 1, 0)])
def test_bulk_at_a_terminal_asks(
    cli: Cli, rest: FakeRest, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, calls: int
) -> None:
    monkeypatch.setattr("hatchet_cli.bulk.at_terminal", lambda: True)
    rest.routes[IDS] = some_ids(3)
    rest.routes[CANCEL] = echo_ids
    result = cli("runs", "cancel", "--since", "1h", stdin=answer)
    assert "Cancel 3 runs?" in result.output
    assert result.exit_code == code
    assert len(rest.bodies(CANCEL)) == calls


def test_bulk_needs_a_selection(cli: Cli, rest: FakeRest) -> None:
    assert cli.failure("runs", "cancel", "--yes").exit_code == 2
    assert cli.failure("runs", "cancel", RUN, "--since", "1h").exit_code == 2


def test_runs_that_were_left_alone_are_mentioned(cli: Cli, rest: FakeRest) -> None:
    rest.routes[CANCEL] = {"ids": []}
    result = cli.ok("runs", "cancel", RUN)
    assert "0 of 1" in result.stdout
    assert "finished already" in result.stderr
