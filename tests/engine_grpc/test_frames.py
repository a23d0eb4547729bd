"""How messages are put into frames, and what bounds a stream."""

import asyncio
import io
import json
import logging
import sys

import grpc
import pytest

from hatchet_engine.runtime.ids import Uuid7
from hatchet_engine.server.logs import configure_logs
from hatchet_engine.server.server import Server
from hatchet_engine.transports.grpc.rpc import detail
from hatchet_engine.transports.grpc.window import Window
from hatchet_wire.published.dispatcher_pb2 import SubscribeToWorkflowEventsRequest
from hatchet_wire.session.session_pb2 import StepEvent, StreamChunk, Trigger
from tests.engine_grpc.peers import ClientPeer, WorkerPeer
from tests.engine_grpc.wire import UNKNOWN_ID, Wire
from tests.support.waiting import aio_eventually

MiB = 1024 * 1024
new_id = Uuid7()


async def test_frames_stay_below_three_mebibytes(wire: Wire) -> None:
    await wire.register_workflow()
    worker = await WorkerPeer(wire, "simple:run").connect()
    client = await ClientPeer(wire).connect()
    big = '{"a": "' + "\u2603" * (MiB // 3) + '"}'
    triggers = [Trigger(run_id=new_id(), workflow="simple", input=big) for _ in range(8)]
    for request, trigger in enumerate(triggers, 1):
        await client.trigger(request, trigger)
    for assignment in list(await worker.assigned(8)):
        assert assignment.input == big
        await worker.report(StepEvent.COMPLETED, assignment, big)
    for trigger in triggers:
        assert (await client.result(trigger.run_id)).tasks[0].output == big
    assert max(frame.ByteSize() for frame in worker.frames) < 3 * MiB
    assert max(client.sizes) < 3 * MiB


async def test_chunks_of_a_session_reach_the_watchers_of_the_run(wire: Wire) -> None:
    await wire.register_workflow()
    worker = await WorkerPeer(wire, "simple:run").connect()
    run_id = await wire.trigger()
    (assignment,) = await worker.assigned()
    events = wire.dispatcher.SubscribeToWorkflowEvents(SubscribeToWorkflowEventsRequest(workflow_run_id=run_id))
    await events.initial_metadata()
    chunks = [StreamChunk(task_id=run_id, index=index, data=b"%d" % index) for index in (0, 2, 1)]
    lost = StreamChunk(task_id=UNKNOWN_ID, data=b"nobody's")
    done = StepEvent(sequence=1, task_id=run_id, kind=StepEvent.COMPLETED, payload='{"n": 1}')
    # The end of the attempt closes the subscription; what comes in the same frame comes before it.
    await worker.send(events=[done], chunks=[*chunks, lost])
    seen = [(message.event_payload, message.hangup) async for message in events]
    assert seen == [("", False), ("0", False), ("1", False), ("2", False), ('{"n": 1}', False), ("", True)]
    assert assignment.run_id == run_id


@pytest.mark.parametrize("protocol", ["session", "published"])
async def test_an_engine_that_lost_its_memory_ends_the_workers_streams(
    server: Server, wire: Wire, protocol: str
) -> None:
    if protocol == "session":
        ended = (await WorkerPeer(wire, "simple:run").connect()).ended()
    else:
        ended = (await wire.listen(await wire.register_worker("simple:run"))).code()
    server.engine.hub.reset_workers()
    assert await ended is grpc.StatusCode.UNAVAILABLE


async def test_a_window_holds_its_reader_back() -> None:
    window = Window(2)
    futures = [asyncio.get_running_loop().create_future() for _ in range(3)]
    for future in futures[:2]:
        await window.room()
        window.add(future)
    reader = asyncio.ensure_future(window.room())
    await asyncio.sleep(0)
    assert not reader.done()
    futures[1].set_exception(ValueError("refused"))
    assert isinstance(futures[1].exception(), ValueError)
    await aio_eventually(reader.done)
    window.add(futures[2])
    futures[0].cancel()
    await asyncio.wait_for(window.room(), 5)


@pytest.mark.parametrize("text", ["short", "x" * 100_000, "\u2603" * 100_000, "a\x00b"])
def test_a_status_fits_into_a_header(text: str) -> None:
    shown = detail(text)
    percent_encoded = sum(1 if 32 <= byte < 127 and byte != 37 else 3 for byte in shown.encode())
    assert percent_encoded < 8_000
    assert "\x00" not in shown
    assert shown.startswith(text[:3].replace("\x00", "\ufffd"))


@pytest.mark.parametrize("style", ["text", "json"])
def test_logs_are_lines(style: str, monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", list(root.handlers))
    monkeypatch.setattr(root, "level", root.level)
    stream = io.StringIO()
    configure_logs("info", style, stream)  # type: ignore[arg-type]
    try:
        raise LookupError("why")
    except LookupError:
        logging.getLogger("hatchet.test").exception("it %s", "failed", extra={"task_id": "t1"})
    logging.getLogger("hatchet.test").debug("too detailed")
    line, *rest = stream.getvalue().splitlines()
    if style == "json":
        record = json.loads(line)
        assert (record["level"], record["logger"], record["message"]) == ("error", "hatchet.test", "it failed")
        assert record["task_id"] == "t1"
        assert "LookupError: why" in record["exception"]
        assert rest == []
    else:
        assert line.endswith("ERROR   hatchet.test: it failed")
        assert rest[-1] == "LookupError: why"


def test_logs_leave_stdout_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", list(root.handlers))
    monkeypatch.setattr(root, "level", root.level)
    configure_logs("warning", "text")
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    assert handler.stream is sys.stderr
