"""The worker over the published RPCs, for engines without the session protocol."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import StatusCode, aio

from hatchet_sdk.logger import logger
from hatchet_sdk.transport.frames import MESSAGE_OVERHEAD
from hatchet_sdk.transport.retry import with_retries
from hatchet_sdk.transport.session_client import REFUSES_US
from hatchet_sdk.worker.attempt import Attempt, Ending, Key
from hatchet_sdk.worker.duration_text import duration_text
from hatchet_sdk.worker.links import Introduction, Labels, Receiver
from hatchet_sdk.worker.log_text import log_text
from hatchet_sdk.worker.published_actions import read_action
from hatchet_sdk.worker.rest_pause import pause_by_rest
from hatchet_sdk.worker.session_link import HEARTBEAT_S
from hatchet_sdk.worker.step_events import check_payload
from hatchet_wire.published import dispatcher_pb2 as pb
from hatchet_wire.published.events_pb2 import PutLogRequest, PutStreamEventRequest

if TYPE_CHECKING:
    from hatchet_sdk.config import ClientConfig
    from hatchet_sdk.transport.channel import Channel
    from hatchet_sdk.transport.thread import TransportThread

EVENT_ATTEMPTS = 20
LONGEST_EVENT_WAIT_S = 10.0
LONGEST_DELAY_S = 5.0
FIRST_CONNECT_ATTEMPTS = 15
STABLE_AFTER_S = 5.0
REGISTER_WITHIN_S = 30.0
HEARTBEAT_WITHIN_S = 5.0
CALLS_AT_ONCE = 64


class PublishedLink:
    """Everything here runs on the transport's loop. What is said about one attempt is sent in its order."""

    def __init__(
        self,
        thread: "TransportThread",
        channel: "Channel",
        config: "ClientConfig",
        receiver: Receiver,
        introduction: Introduction,
        labels: Labels,
    ) -> None:
        self._thread = thread
        self._channel = channel
        self._config = config
        self._receiver = receiver
        self._introduction = introduction
        self._labels = labels
        self._worker_id = ""
        self._stream: aio.UnaryStreamCall[pb.WorkerListenRequest, pb.AssignedAction] | None = None
        self._resumed = asyncio.Event()
        self._resumed.set()
        self._leaving = False
        self._over = asyncio.Event()
        self._room = asyncio.Semaphore(CALLS_AT_ONCE)
        self._last: dict[Key, asyncio.Task[None]] = {}
        self._identities: dict[Key, Identity] = {}

    # ---- what the runner says

    def started(self, attempts: Sequence[Attempt]) -> None:
        for attempt in attempts:
            self._send_event(attempt, pb.STEP_EVENT_TYPE_STARTED, attempt.started_at or attempt.ended_at, "")

    def ended(self, attempts: Sequence[Attempt]) -> None:
        for attempt in attempts:
            self._ended(attempt)

    def _ended(self, attempt: Attempt) -> None:
        check_payload(attempt, self._config.grpc_max_send_message_length - MESSAGE_OVERHEAD)
        identity = self._identities.get(attempt.key)
        if identity is not None and not identity.started:
            self.started((attempt,))
        completed = attempt.ending is Ending.COMPLETED
        kind = pb.STEP_EVENT_TYPE_COMPLETED if completed else pb.STEP_EVENT_TYPE_FAILED
        self._send_event(attempt, kind, attempt.ended_at, attempt.payload)
        self._identities.pop(attempt.key, None)

    def _send_event(self, attempt: Attempt, kind: pb.StepActionEventType.ValueType, at_us: int, payload: str) -> None:
        action = attempt.action
        identity = self._identities.get(attempt.key) or Identity(action.step_id, action.task_id)
        identity.started = True
        event = pb.StepActionEvent(
            worker_id=self._worker_id,
            job_id=identity.job_id,
            job_run_id=identity.job_run_id,
            task_id=action.step_id,
            task_run_external_id=action.task_id,
            action_id=action.action_id,
            event_timestamp=_timestamp(at_us),
            event_type=kind,
            event_payload=payload,
            retry_count=action.retry_count,
            should_not_retry=attempt.should_not_retry,
        )
        send = self._channel_call("dispatcher", "SendStepActionEvent", event)
        self._in_order(attempt.key, send, attempts=EVENT_ATTEMPTS)

    def log(self, key: Key, at_us: int, level: str, message: str, metadata: str) -> None:
        request = PutLogRequest(
            task_run_external_id=key[0],
            created_at=_timestamp(at_us),
            message=log_text(message),
            level=level,
            metadata=metadata,
            task_retry_count=key[1],
        )
        self._in_order(key, self._channel_call("events", "PutLog", request))

    def chunk(self, key: Key, index: int, data: bytes) -> None:
        request = PutStreamEventRequest(task_run_external_id=key[0], message=data, event_index=index)
        self._in_order(key, self._channel_call("events", "PutStreamEvent", request))

    def refresh(self, key: Key, increment: timedelta) -> None:
        request = pb.RefreshTimeoutRequest(task_run_external_id=key[0], increment_timeout_by=duration_text(increment))
        self._in_order(key, self._channel_call("dispatcher", "RefreshTimeout", request))

    def release(self, key: Key) -> None:
        request = pb.ReleaseSlotRequest(task_run_external_id=key[0])
        self._in_order(key, self._channel_call("dispatcher", "ReleaseSlot", request))

    def upsert_labels(self, labels: Labels) -> None:
        request = pb.UpsertWorkerLabelsRequest(worker_id=self._worker_id, labels=_label_map(labels))
        self._in_order(("", 0), self._channel_call("dispatcher", "UpsertWorkerLabels", request))

    def _channel_call(self, service: str, method: str, request: Any) -> Callable[[], Awaitable[Any]]:
        def call() -> Awaitable[Any]:
            stub = getattr(self._channel, service)
            answer: Awaitable[Any] = getattr(stub, method)(request, metadata=self._channel.metadata)
            return answer

        return call

    def _in_order(self, key: Key, call: Callable[[], Awaitable[Any]], attempts: int | None = None) -> None:
        task = self._thread.spawn(self._after(self._last.get(key), call, attempts))
        self._last[key] = task

        def forget(done: "asyncio.Task[None]") -> None:
            if self._last.get(key) is done:
                del self._last[key]

        task.add_done_callback(forget)

    async def _after(
        self, earlier: "asyncio.Task[None] | None", call: Callable[[], Awaitable[Any]], attempts: int | None
    ) -> None:
        if earlier is not None:
            await asyncio.wait([earlier])
        longest = LONGEST_EVENT_WAIT_S if attempts else None
        async with self._room:
            try:
                await with_retries(call, self._config.tenacity, attempts=attempts, longest_wait_s=longest)
            except grpc.RpcError as error:
                logger.error("a message about a task run could not be sent: %s", error.details())

    # ---- life

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        failures = 0
        try:
            while not self._leaving:
                while not self._resumed.is_set():  # it may be cleared again before this wakes up
                    await self._resumed.wait()
                since = loop.time()
                try:
                    await self._listen()
                except aio.AioRpcError as error:
                    failures = 1 if loop.time() - since > STABLE_AFTER_S else failures + 1
                    if self._gives_up(error, failures):
                        self._receiver.refused(error)
                        return
                    self._receiver.disconnected()
                    await asyncio.sleep(min(0.1 * 2**failures, LONGEST_DELAY_S))
        finally:
            self._over.set()

    def _gives_up(self, error: aio.AioRpcError, failures: int) -> bool:
        code = error.code()
        if failures == 1 and not self._leaving:
            logger.warning("the stream to the engine ended (%s: %s); reconnecting", code.name, error.details())
        if code is StatusCode.NOT_FOUND:
            self._worker_id = ""
        permanent = code in REFUSES_US or code in (StatusCode.INVALID_ARGUMENT, StatusCode.UNIMPLEMENTED)
        return not self._leaving and (permanent or failures >= FIRST_CONNECT_ATTEMPTS)

    async def _listen(self) -> None:
        """One action stream, to its end.

        Raises:
            AioRpcError: how it ended.
        """
        if not self._worker_id:
            self._worker_id = await self._register()
        request = pb.WorkerListenRequest(worker_id=self._worker_id)
        stream = self._stream = self._channel.dispatcher.ListenV2(request, metadata=self._channel.metadata)
        beating = self._thread.spawn(self._beat(stream))
        self._receiver.welcomed(self._worker_id)
        try:
            async with asyncio.timeout(self._config.listener_v2_timeout):
                async for message in stream:
                    self._receive(message)
        except TimeoutError:
            logger.debug("the action stream is opened again, as configured")
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
        finally:
            beating.cancel()
            stream.cancel()

    async def _register(self) -> str:
        me = self._introduction
        request = pb.WorkerRegisterRequest(
            worker_name=me.name,
            actions=me.actions,
            slot_config=me.slots,
            labels=_label_map(self._labels),
            runtime_info=pb.RuntimeInfo(
                sdk_version=me.sdk_version,
                language=pb.PYTHON,
                language_version=me.language_version,
                os=me.os,
                extra=me.host,
            ),
        )
        call = self._channel.dispatcher.Register(request, metadata=self._channel.metadata, timeout=REGISTER_WITHIN_S)
        return (await call).worker_id

    def _receive(self, message: pb.AssignedAction) -> None:
        key = (message.task_run_external_id, message.retry_count)
        if message.action_type == pb.CANCEL_STEP_RUN:
            self._identities.pop(key, None)
            self._receiver.cancelled(key, "cancelled")
        elif message.action_type == pb.START_STEP_RUN:
            self._identities.setdefault(key, Identity(message.job_id, message.job_run_id))
            self._receiver.assigned([read_action(message)])
        else:
            logger.error("an assignment of type %s is not supported by this SDK version", message.action_type)

    async def _beat(self, stream: "aio.UnaryStreamCall[pb.WorkerListenRequest, pb.AssignedAction]") -> None:
        while True:
            request = pb.HeartbeatRequest(worker_id=self._worker_id, heartbeat_at=Timestamp())
            request.heartbeat_at.GetCurrentTime()
            try:
                await self._channel.dispatcher.Heartbeat(
                    request, metadata=self._channel.metadata, timeout=HEARTBEAT_WITHIN_S
                )
                self._receiver.heartbeat_answered()
            except aio.AioRpcError as error:
                logger.warning("a heartbeat failed: %s", error.details())
                if error.code() in (StatusCode.FAILED_PRECONDITION, StatusCode.NOT_FOUND):
                    stream.cancel()
                    return
            await asyncio.sleep(HEARTBEAT_S)

    async def suspend(self) -> None:
        self._resumed.clear()
        self._drop()

    def resume(self) -> None:
        self._resumed.set()

    async def pause(self) -> None:
        await pause_by_rest(self._config, self._worker_id)

    async def flush(self, within_s: float) -> bool:
        pending = list(self._last.values())
        if not pending:
            return True
        _, late = await asyncio.wait(pending, timeout=within_s)
        return not late

    async def goodbye(self) -> None:
        self._leaving = True
        self._resumed.set()
        self._drop()
        request = pb.WorkerUnsubscribeRequest(worker_id=self._worker_id)
        try:
            await self._channel.dispatcher.Unsubscribe(
                request, metadata=self._channel.metadata, timeout=HEARTBEAT_WITHIN_S
            )
        except grpc.RpcError as error:
            logger.warning("the engine was not told that this worker leaves: %s", error.details())

    def _drop(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.cancel()


@dataclass(slots=True)
class Identity:
    """Names that the published protocol gives to an attempt besides those of the action."""

    job_id: str
    job_run_id: str
    started: bool = False
    """Whether its STARTED is on its way."""


def _timestamp(micros: int) -> Timestamp:
    return Timestamp(seconds=micros // 1_000_000, nanos=micros % 1_000_000 * 1000)


def _label_map(labels: Labels) -> dict[str, pb.WorkerLabels]:
    return {
        key: pb.WorkerLabels(int_value=value) if isinstance(value, int) else pb.WorkerLabels(str_value=value)
        for key, value in labels.items()
    }
