"""The edge's checks, value by value; and the same over gRPC, with an engine that must go on as if nothing had been."""

import json
import time
from typing import Any

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatchet_engine.core.errors import InvalidArgument
from hatchet_engine.transports import payloads
from hatchet_wire.published.dispatcher_pb2 import (
    STEP_EVENT_TYPE_COMPLETED,
    STEP_EVENT_TYPE_FAILED,
    StepActionEvent,
    SubscribeToWorkflowRunsRequest,
)
from hatchet_wire.published.v1.workflows_pb2 import TriggerWorkflowRunRequest
from hatchet_wire.session.session_pb2 import RunResult, StepEvent, Trigger
from tests.engine_grpc.peers import ClientPeer, WorkerPeer
from tests.engine_grpc.wire import UNKNOWN_ID, Wire, refusal

MiB = 1024 * 1024


def nested(levels: int) -> str:
    """An object that is nested so many levels deep."""
    return '{"a":' * (levels - 1) + "{}" + "}" * (levels - 1)


REFUSED = {
    "an array": ("[1]", "must be a JSON object"),
    "a number": ("1", "must be a JSON object"),
    "a text": ('"a"', "must be a JSON object"),
    "null": ("null", "must be a JSON object"),
    "nothing but space": (" ", "is not valid JSON"),
    "cut off": ('{"a": ', "is not valid JSON"),
    "two values": ("{} {}", "is not valid JSON"),
    "single quotes": ("{'a': 1}", "is not valid JSON"),
    "NaN": ('{"a": NaN}', "is not valid JSON"),
    "Infinity": ('{"a": -Infinity}', "is not valid JSON"),
    "escaped NUL": ('{"a": "\\u0000"}', "contains the character U+0000"),
    "escaped NUL in a key": ('{"a": {"b\\\\\\u0000": 1}}', "contains the character U+0000"),
    "raw NUL": ('{"a": "\x00"}', "is not valid JSON"),
    "lone surrogate": ('{"a": "\\ud800"}', "is not valid JSON"),
    "lone low surrogate": ('{"a": "\\udc00 "}', "is not valid JSON"),
    "byte order mark": ("\ufeff{}", "is not valid JSON"),
    "65 levels": (nested(65), "is nested deeper than 64 levels"),
    "65 levels beside others": (f'{{"x": [[], {{}}], "y": {nested(64)}}}', "is nested deeper than 64 levels"),
    "100,000 levels": ("[" * 100_000, "is not valid JSON"),
    "a huge number": ('{"a": ' + "9" * 100_000 + "}", "is not valid JSON"),
    "too long": ('{"a": "' + "x" * payloads.MAX_PAYLOAD_BYTES + '"}', "bytes long; at most"),
    "too long in UTF-8": ('{"a": "' + "\u2603" * (payloads.MAX_PAYLOAD_BYTES // 3) + '"}', "bytes long; at most"),
}

ACCEPTED = {
    "nothing": "",
    "empty": "{}",
    "64 levels": nested(64),
    "many brackets, not deep": json.dumps({"rows": [{"x": [i]} for i in range(1000)]}),
    "brackets in texts": json.dumps({"a": "[{" * 500 + '\\"'}),
    "a written-out escape": '{"a": "\\\\u0000 is no NUL"}',
    "a pair of surrogates": '{"a": "\\ud83d\\ude00"}',
    "not ASCII": '{"schön": "\u2603\U0001f600"}',
    "the same key twice": '{"a": 1, "a": 2}',
    "space around": ' \n{"a": 1}\t',
    "3 MiB": '{"a": "' + "x" * 3 * MiB + '"}',
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    text, reason = REFUSED[name]
    with pytest.raises(InvalidArgument, match=r"^Invalid request: input ") as refused:
        payloads.check_object(text, "input")
    assert reason in refused.value.message
    assert len(refused.value.message) < 500


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str) -> None:
    payloads.check_object(ACCEPTED[name], "input")


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=40,
)


def has_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any(has_nul(key) or has_nul(item) for key, item in value.items())
    return any(map(has_nul, value)) if isinstance(value, list) else isinstance(value, str) and "\x00" in value


@given(json_values, st.booleans())
def test_an_output_is_refused_for_its_nul_and_nothing_else(value: Any, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert (payloads.output_problem(text) is not None) == has_nul(value)


def levels(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(levels, inner), default=0)


@given(json_values)
def test_nesting_is_counted_as_it_is(value: Any) -> None:
    assert payloads._nesting(json.dumps(value)) == levels(value)


def test_hostile_brackets_are_judged_quickly() -> None:
    tower = "[" * 60 + "]" * 60
    text = '{"a":[' + ",".join([tower] * 30_000) + "]}"
    started = time.thread_time()
    assert payloads._nesting(text) == 62
    assert time.thread_time() - started < 2


def test_input_and_metadata_share_one_message() -> None:
    half = '{"a": "' + "x" * (payloads.MAX_PAYLOAD_BYTES // 2) + '"}'
    payloads.check_run_payloads(half, "{}")
    with pytest.raises(InvalidArgument, match="bytes long together"):
        payloads.check_run_payloads(half, half)


@given(st.text(st.characters()))
def test_clean_text_can_be_stored_and_sent(text: str) -> None:
    clean = payloads.clean_text(text)
    assert "\x00" not in clean
    clean.encode()
    if not any(c == "\x00" or 0xD800 <= ord(c) <= 0xDFFF for c in text):
        assert clean == text


def test_errors_that_are_too_long_are_cut_between_characters() -> None:
    text = payloads.error_text("\u2603" * (payloads.MAX_PAYLOAD_BYTES // 2))
    assert payloads.utf8_length(text) <= payloads.MAX_PAYLOAD_BYTES
    assert set(text) == {"\u2603"}


@pytest.mark.parametrize("text", ["", "x", UNKNOWN_ID + "0", UNKNOWN_ID[:-1] + "g", "{" + UNKNOWN_ID + "}", "\n" * 36])
def test_what_is_no_uuid(text: str) -> None:
    with pytest.raises(InvalidArgument, match="is not a UUID"):
        payloads.parse_uuid(text, "id")
    assert not payloads.is_uuid(text)


def test_ids_are_compared_in_lower_case() -> None:
    assert payloads.parse_uuid("ABCDEF00-0000-7000-8000-000000000000", "id") == "abcdef00-0000-7000-8000-000000000000"


async def works(wire: Wire) -> None:
    """A run still goes through the engine."""
    worker = await WorkerPeer(wire, "probe:run").connect()
    await wire.register_workflow("probe")
    run_id = await wire.trigger("probe")
    (assignment,) = await worker.assigned()
    await worker.complete(assignment, '{"fine": true}')
    assert (await wire.details(run_id)).done


async def test_hostile_inputs_are_refused_on_every_way_in(wire: Wire) -> None:
    await wire.register_workflow()
    client = await ClientPeer(wire).connect()
    for request, (text, reason) in enumerate(REFUSED.values(), 1):
        for fields in ({"input": text}, {"additional_metadata": text}):
            error = await refusal(wire.trigger(**fields))
            assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert reason in error.details()
        simple = TriggerWorkflowRunRequest(workflow_name="simple", input=text.encode())
        assert (await refusal(wire.admin.TriggerWorkflowRun(simple))).code() is grpc.StatusCode.INVALID_ARGUMENT
        await client.trigger(request, Trigger(run_id=UNKNOWN_ID, workflow="simple", input=text))
        assert reason in await client.verdict(request)
    await works(wire)


async def test_good_inputs_arrive_as_they_were_sent(wire: Wire) -> None:
    await wire.register_workflow()
    worker = await WorkerPeer(wire, "simple:run").connect()
    run_ids = {await wire.trigger(input=text): text for text in ACCEPTED.values()}
    assignments = await worker.assigned(len(run_ids))
    assert {a.task_id: a.input for a in assignments} == run_ids


async def test_a_message_that_is_too_large_is_refused_on_its_own(wire: Wire) -> None:
    await wire.register_workflow()
    error = await refusal(wire.trigger(input='{"a": "' + "x" * 64 * MiB + '"}'))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    await works(wire)


async def test_the_largest_input_reaches_the_worker(wire: Wire) -> None:
    await wire.register_workflow()
    frame = '{"a": ""}'
    text = '{"a": "' + "x" * (payloads.MAX_PAYLOAD_BYTES - len(frame)) + '"}'
    session = await WorkerPeer(wire, "simple:run", slots=1).connect()
    run_id = await wire.trigger(input=text)
    (assignment,) = await session.assigned()
    assert assignment.input == text
    await session.complete(assignment, text)
    subscription = wire.dispatcher.SubscribeToWorkflowRuns()
    await subscription.write(SubscribeToWorkflowRunsRequest(workflow_run_id=run_id))
    assert (await subscription.read()).results[0].output == text
    client = await ClientPeer(wire).connect()
    await client.send(subscribe=[run_id])
    assert (await client.result(run_id)).tasks[0].output == text
    details = await wire.details(run_id)
    assert details.task_runs["run"].output == text.encode()
    await session.send(goodbye=True)
    await session.ended()
    stream = await wire.listen(await wire.register_worker("simple:run"))
    await wire.trigger(input=text)
    assert json.loads((await stream.read()).action_payload)["input"] == json.loads(text)


async def test_hostile_outputs_fail_their_attempt_only(wire: Wire) -> None:
    await wire.register_workflow()
    texts = {
        name: (text, reason)
        for name, (text, reason) in REFUSED.items()
        if "must be" not in reason and len(text) < 4 * MiB
    }
    worker = await WorkerPeer(wire, "simple:run").connect()
    client = await ClientPeer(wire).connect()
    run_ids = [await wire.trigger() for _ in texts]
    await client.send(subscribe=run_ids)
    by_run = {assignment.run_id: assignment for assignment in await worker.assigned(len(texts))}
    for run_id, (text, reason) in zip(run_ids, texts.values(), strict=True):
        await worker.report(StepEvent.COMPLETED, by_run[run_id], text)
        result = await client.result(run_id)
        assert result.status == RunResult.FAILED
        assert result.tasks[0].error.startswith("the task's output ")
        assert reason in result.tasks[0].error
    await works(wire)


async def test_outputs_need_not_be_objects(wire: Wire) -> None:
    await wire.register_workflow()
    worker = await WorkerPeer(wire, "simple:run").connect()
    run_id = await wire.trigger()
    (assignment,) = await worker.assigned()
    await worker.complete(assignment, "[1, null]")
    assert (await wire.details(run_id)).task_runs["run"].output == b"[1, null]"


async def test_hostile_errors_are_kept_readable(wire: Wire) -> None:
    await wire.register_workflow()
    worker_id = await wire.register_worker("simple:run")
    stream = await wire.listen(worker_id)
    run_id = await wire.trigger()
    await stream.read()
    failed = StepActionEvent(
        worker_id=worker_id,
        task_run_external_id=run_id,
        event_type=STEP_EVENT_TYPE_FAILED,
        event_payload="a\x00b" + "\u2603" * 500_000,
    )
    await wire.dispatcher.SendStepActionEvent(failed)
    assert (await wire.details(run_id)).task_runs["run"].error == "a\ufffdb" + "\u2603" * 500_000


async def test_hostile_names_are_refused_with_a_status_that_arrives(wire: Wire) -> None:
    for name in ("x" * MiB, "\u2603" * 100_000, "a\x00b", "\n" * 1000):
        error = await refusal(wire.trigger(name))
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert error.details().startswith("workflow names not found: ")
    await works(wire)


async def test_a_published_completion_with_nul_fails(wire: Wire) -> None:
    await wire.register_workflow()
    worker_id = await wire.register_worker("simple:run")
    stream = await wire.listen(worker_id)
    run_id = await wire.trigger()
    await stream.read()
    done = StepActionEvent(
        worker_id=worker_id,
        task_run_external_id=run_id,
        event_type=STEP_EVENT_TYPE_COMPLETED,
        event_payload='{"a": "\\u0000"}',
    )
    await wire.dispatcher.SendStepActionEvent(done)
    assert (await wire.details(run_id)).task_runs["run"].error == "the task's output contains the character U+0000"


async def test_broken_messages_end_their_call_only(wire: Wire) -> None:
    raw: Any = wire.channel.unary_unary("/WorkflowService/TriggerWorkflow")
    for body in (b"\xff" * 100, b"\x0a\x02\xff\xfe", b"\x0a\xff\xff\xff\xff\x0f"):
        error = await refusal(raw(body, metadata=(("authorization", f"bearer {wire.token}"),)))
        assert error.code() in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.INVALID_ARGUMENT)
    stream: Any = wire.channel.stream_stream("/hatchet.session.v1.Session/Worker")
    call = stream(metadata=(("authorization", f"bearer {wire.token}"),))
    await call.write(b"\xff" * 100)
    assert await call.code() is not grpc.StatusCode.OK
    await works(wire)
