"""The published WorkflowService, AdminService and EventsService, and what they do not offer yet."""

from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from hatchet_engine.server.server import Server
from hatchet_engine.store.queries import LogFilter, log_page
from hatchet_wire.published import dispatcher_pb2, events_pb2, workflows_pb2
from hatchet_wire.published.v1 import dispatcher_pb2 as v1_dispatcher_pb2
from hatchet_wire.published.v1 import workflows_pb2 as v1
from hatchet_wire.published.v1.shared.trigger_pb2 import DesiredWorkerLabels, TriggerWorkflowRequest
from tests.engine_grpc.wire import UNKNOWN_ID, Wire, refusal, workflow

INVALID, MISSING, LATER = (
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.UNIMPLEMENTED,
)


async def test_the_same_registration_makes_no_new_version(wire: Wire) -> None:
    first = await wire.admin.PutWorkflow(workflow())
    again = await wire.admin.PutWorkflow(workflow())
    changed = await wire.admin.PutWorkflow(workflow(retries=3))
    assert first == again
    assert changed.workflow_id == first.workflow_id
    assert changed.id != first.id


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (workflow("bad name"), "may only contain letters"),
        (v1.CreateWorkflowVersionRequest(name="empty"), "has no tasks"),
        (workflow(action="nocolon"), "service:verb"),
        (workflow(timeout="soon"), "is not a duration"),
        (workflow(retries=-1), "must not be negative"),
        (workflow(backoff_factor=0.5), "between 1 and 1000"),
        (workflow(parents=["ghost"]), "parent step 'ghost' not found for step 'run'"),
        (v1.CreateWorkflowVersionRequest(name="a", description="\x00", tasks=workflow().tasks), "U+0000"),
        (v1.CreateWorkflowVersionRequest(name="a", default_priority=9, tasks=workflow().tasks), "must be 1, 2 or 3"),
    ],
)
async def test_bad_registrations_are_refused(wire: Wire, request_: Any, text: str) -> None:
    error = await refusal(wire.admin.PutWorkflow(request_))
    assert error.code() is INVALID
    assert text in error.details()


async def test_v0_registration_is_the_v1_one(wire: Wire) -> None:
    step = workflows_pb2.CreateWorkflowStepOpts(
        readable_id="run", action="simple:run", timeout="60s", retries=2, backoff_factor=2, backoff_max_seconds=9
    )
    opts = workflows_pb2.CreateWorkflowVersionOpts(
        name="simple",
        version="v7",
        jobs=[workflows_pb2.CreateWorkflowJobOpts(name="job", steps=[step])],
        schedule_timeout="10m",
        default_priority=2,
    )
    reply = await wire.workflows.PutWorkflow(workflows_pb2.PutWorkflowRequest(opts=opts))
    assert (reply.version, reply.order) == ("v7", 1)
    assert reply.created_at.seconds > 0
    same = workflow(retries=2, backoff_factor=2, backoff_max_seconds=9, schedule_timeout="10m")
    same.version, same.default_priority = "v7", 2
    assert (await wire.admin.PutWorkflow(same)).id == reply.id


async def test_v0_registration_keeps_what_it_cannot_run_yet(wire: Wire) -> None:
    step = workflows_pb2.CreateWorkflowStepOpts(
        readable_id="run",
        action="simple:run",
        rate_limits=[workflows_pb2.CreateStepRateLimit(key="api", units=2, duration=workflows_pb2.MINUTE)],
        worker_labels={"gpu": DesiredWorkerLabels(int_value=1)},
    )
    opts = workflows_pb2.CreateWorkflowVersionOpts(
        name="simple",
        jobs=[workflows_pb2.CreateWorkflowJobOpts(steps=[step])],
        on_failure_job=workflows_pb2.CreateWorkflowJobOpts(
            steps=[workflows_pb2.CreateWorkflowStepOpts(readable_id="oops", action="simple:oops")]
        ),
        concurrency=workflows_pb2.WorkflowConcurrencyOpts(
            expression="input.key", max_runs=3, limit_strategy=workflows_pb2.GROUP_ROUND_ROBIN
        ),
        sticky=workflows_pb2.HARD,
        cron_input="{}",
    )
    await wire.workflows.PutWorkflow(workflows_pb2.PutWorkflowRequest(opts=opts))
    error = await refusal(wire.trigger())
    assert error.code() is LATER
    for feature in ("several tasks", "workflow concurrency", "sticky assignment", "rate limits", "worker affinity"):
        assert feature in error.details()


@pytest.mark.parametrize(
    "opts",
    [
        workflows_pb2.CreateWorkflowVersionOpts(name="a", scheduled_triggers=[Timestamp(seconds=1)]),
        workflows_pb2.CreateWorkflowVersionOpts(
            name="a", concurrency=workflows_pb2.WorkflowConcurrencyOpts(action="group:key")
        ),
    ],
)
async def test_v0_features_without_a_successor_are_refused(wire: Wire, opts: Any) -> None:
    assert (await refusal(wire.workflows.PutWorkflow(workflows_pb2.PutWorkflowRequest(opts=opts)))).code() is LATER


async def test_a_bulk_trigger_starts_all_or_none(server: Server, wire: Wire) -> None:
    await wire.register_workflow()
    good = TriggerWorkflowRequest(name="simple", input="{}")
    reply = await wire.workflows.BulkTriggerWorkflow(
        workflows_pb2.BulkTriggerWorkflowRequest(workflows=[good, good, good])
    )
    assert len(set(reply.workflow_run_ids)) == 3
    before = set(server.engine.tenants[server.tenant_id].tasks)
    for bad in (TriggerWorkflowRequest(name="simple", input="["), TriggerWorkflowRequest(name="nobody")):
        request = workflows_pb2.BulkTriggerWorkflowRequest(workflows=[good, bad])
        assert (await refusal(wire.workflows.BulkTriggerWorkflow(request))).code() is INVALID
    assert set(server.engine.tenants[server.tenant_id].tasks) == before


async def test_bulk_trigger_of_nothing_is_nothing(wire: Wire) -> None:
    reply = await wire.workflows.BulkTriggerWorkflow(workflows_pb2.BulkTriggerWorkflowRequest())
    assert list(reply.workflow_run_ids) == []


async def test_unknown_workflows_are_all_named(wire: Wire) -> None:
    items = [TriggerWorkflowRequest(name=name) for name in ("a", "b", "a")]
    error = await refusal(wire.workflows.BulkTriggerWorkflow(workflows_pb2.BulkTriggerWorkflowRequest(workflows=items)))
    assert (error.code(), error.details()) == (INVALID, "workflow names not found: a, b")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"priority": 0}, INVALID),
        ({"priority": 4}, INVALID),
        ({"parent_task_run_external_id": "no uuid"}, INVALID),
        ({"parent_task_run_external_id": UNKNOWN_ID, "parent_id": "no uuid"}, INVALID),
        ({"desired_worker_id": "no uuid"}, INVALID),
        ({"desired_worker_labels": {"gpu": DesiredWorkerLabels(int_value=1)}}, LATER),
    ],
)
async def test_bad_triggers_are_refused(wire: Wire, fields: dict[str, Any], code: grpc.StatusCode) -> None:
    await wire.register_workflow()
    assert (await refusal(wire.trigger(**fields))).code() is code


async def test_the_simple_trigger_takes_bytes(wire: Wire) -> None:
    await wire.register_workflow()
    request = v1.TriggerWorkflowRunRequest(
        workflow_name="simple", input=b'{"n": 1}', additional_metadata=b'{"k": "v"}', priority=2
    )
    reply = await wire.admin.TriggerWorkflowRun(request)
    details = await wire.details(reply.external_id)
    assert (details.input, details.additional_metadata) == (b'{"n": 1}', b'{"k": "v"}')
    request.input = b"\xff"
    assert (await refusal(wire.admin.TriggerWorkflowRun(request))).code() is INVALID


async def test_details_of_a_waiting_run(wire: Wire) -> None:
    await wire.register_workflow()
    details = await wire.details(await wire.trigger())
    assert (details.status, details.done) == (v1.QUEUED, False)
    assert details.task_runs["run"].status == v1.QUEUED
    assert not details.task_runs["run"].HasField("output")


async def test_details_of_unknown_runs(wire: Wire) -> None:
    error = await refusal(wire.details(UNKNOWN_ID))
    assert (error.code(), error.details()) == (MISSING, "workflow run not found")
    assert (await refusal(wire.details("no uuid"))).code() is INVALID


async def test_cancel_and_replay_by_ids(wire: Wire) -> None:
    await wire.register_workflow()
    run_id = await wire.trigger()
    for _ in range(2):
        reply = await wire.admin.CancelTasks(v1.CancelTasksRequest(external_ids=[run_id]))
        assert list(reply.cancelled_tasks) == [run_id]
    assert (await wire.details(run_id)).status == v1.CANCELLED
    request = v1.ReplayTasksRequest(external_ids=[run_id, UNKNOWN_ID])
    assert list((await wire.admin.ReplayTasks(request)).replayed_tasks) == [run_id]
    assert list((await wire.admin.ReplayTasks(request)).replayed_tasks) == []
    assert (await wire.details(run_id)).status in (v1.QUEUED, v1.RUNNING)


async def test_cancel_and_replay_by_filter(wire: Wire) -> None:
    workflow_id = await wire.register_workflow()
    await wire.register_workflow("other")
    mine = await wire.trigger(additional_metadata='{"who": "me"}')
    await wire.trigger(additional_metadata='{"who": "you"}')
    await wire.trigger("other", additional_metadata='{"who": "me"}')
    wanted = v1.TasksFilter(
        statuses=["QUEUED"],
        since=Timestamp(seconds=1),
        workflow_ids=[workflow_id],
        additional_metadata=["who:me"],
    )
    assert list((await wire.admin.CancelTasks(v1.CancelTasksRequest(filter=wanted))).cancelled_tasks) == [mine]
    wanted.statuses[:] = ["CANCELLED"]
    assert list((await wire.admin.ReplayTasks(v1.ReplayTasksRequest(filter=wanted))).replayed_tasks) == [mine]
    wanted.statuses[:] = ["EVICTED"]
    assert list((await wire.admin.CancelTasks(v1.CancelTasksRequest(filter=wanted))).cancelled_tasks) == []


async def test_cancel_and_replay_need_ids_or_a_filter(wire: Wire) -> None:
    for rpc, request in (
        (wire.admin.CancelTasks, v1.CancelTasksRequest),
        (wire.admin.ReplayTasks, v1.ReplayTasksRequest),
    ):
        assert len((await rpc(request())).ListFields()) == 0
        both = request(external_ids=[UNKNOWN_ID], filter=v1.TasksFilter(since=Timestamp()))
        assert (await refusal(rpc(both))).code() is INVALID
        assert (await refusal(rpc(request(external_ids=["no uuid"])))).code() is INVALID
        assert (await refusal(rpc(request(filter=v1.TasksFilter(statuses=["SLEEPING"]))))).code() is INVALID
        assert (await refusal(rpc(request(filter=v1.TasksFilter(additional_metadata=["k"]))))).code() is INVALID


async def test_logs_of_the_published_protocol(server: Server, wire: Wire) -> None:
    await wire.register_workflow()
    run_id = await wire.trigger()
    for level, message in (("WARN", "one"), ("", "two")):
        request = events_pb2.PutLogRequest(task_run_external_id=run_id, message=message, metadata='{"k": 1}')
        if level:
            request.level = level
        await wire.events.PutLog(request)
    wanted = LogFilter(tenant_id=server.tenant_id, task_ids=[run_id])
    lines = await server.engine.read(log_page, server.engine.store.reader, wanted, 10, False)
    assert [(line.level, line.message) for line in lines] == [("WARN", "one"), ("INFO", "two")]
    await wire.admin.CancelTasks(v1.CancelTasksRequest(external_ids=[run_id]))
    await wire.events.PutLog(events_pb2.PutLogRequest(task_run_external_id=run_id, message="after the end"))


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"task_run_external_id": UNKNOWN_ID}, MISSING),
        ({"task_run_external_id": "no uuid"}, INVALID),
        ({"level": "LOUD"}, INVALID),
        ({"metadata": "[]"}, INVALID),
    ],
)
async def test_bad_logs_are_refused(wire: Wire, fields: dict[str, Any], code: grpc.StatusCode) -> None:
    await wire.register_workflow()
    good: dict[str, Any] = {"task_run_external_id": await wire.trigger(), "message": "m"}
    assert (await refusal(wire.events.PutLog(events_pb2.PutLogRequest(**good | fields)))).code() is code


async def test_chunks_of_unknown_tasks_are_not_found(wire: Wire) -> None:
    request = events_pb2.PutStreamEventRequest(task_run_external_id=UNKNOWN_ID, message=b"x")
    assert (await refusal(wire.events.PutStreamEvent(request))).code() is MISSING


async def test_what_comes_later_says_so(wire: Wire) -> None:
    later = {
        wire.dispatcher.SendGroupKeyActionEvent(dispatcher_pb2.GroupKeyActionEvent()): "group key",
        wire.dispatcher.RestoreEvictedTask(dispatcher_pb2.RestoreEvictedTaskRequest()): "eviction",
        wire.events.Push(events_pb2.PushEventRequest(key="k")): "ingesting events",
        wire.events.BulkPush(events_pb2.BulkPushEventRequest()): "ingesting events",
        wire.events.ReplaySingleEvent(events_pb2.ReplayEventRequest()): "replaying events",
        wire.workflows.ScheduleWorkflow(workflows_pb2.ScheduleWorkflowRequest()): "scheduling runs",
        wire.workflows.PutRateLimit(workflows_pb2.PutRateLimitRequest(key="k")): "rate limiting",
        wire.admin.BranchDurableTask(v1.BranchDurableTaskRequest()): "durable tasks",
        wire.durable.RegisterDurableEvent(v1_dispatcher_pb2.RegisterDurableEventRequest()): "durable tasks",
    }
    for call, feature in later.items():
        error = await refusal(call)
        assert error.code() is LATER
        assert feature in error.details()
    for stream in (wire.durable.DurableTask(), wire.durable.ListenForDurableEvent()):
        assert await stream.code() is LATER
