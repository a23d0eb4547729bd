"""What the SDK raises, and how the error of a task travels as text."""

import json
import re
import traceback

from hatchet_sdk.serde.stored_text import storable

_METADATA_KEY = "__hatchet_error_metadata__"
_METADATA_LINE = re.compile(r"\n\n(\{\"" + _METADATA_KEY + r"\": ?\{[^\n]*\}\})\s*\Z")
_HEADER_END = re.compile(r"(?<!\\)(?:\\\\)*(\n)")
_ESCAPED_BREAK = re.compile(r"(\\+)(\n|\Z)")
_BREAK = re.compile(r"(\\*)(\n|\Z)")
_FOREIGN = "HatchetError"

_LONGEST_MESSAGE = 64 * 1024
_LONGEST_TRACE = 256 * 1024


class NonDeterminismError(Exception):
    """A durable task did something else on replay than it did before.

    Args:
        task_external_id: id of the task run.
        invocation_count: number of the invocation.
        message: what was expected and what came.
        node_id: position in the durable log.
    """

    def __init__(self, task_external_id: str, invocation_count: int, message: str, node_id: int) -> None:
        super().__init__(task_external_id, invocation_count, message, node_id)
        self.task_external_id = task_external_id
        self.invocation_count = invocation_count
        self.message = message
        self.node_id = node_id

    def __str__(self) -> str:
        return (
            f"non-determinism in task {self.task_external_id}, invocation {self.invocation_count}, "
            f"node {self.node_id}: {self.message}"
        )


class InvalidDependencyError(Exception):
    """A `Depends` function cannot be called by the SDK: wrong parameters, or a cycle."""


class NonRetryableException(Exception):
    """Raise it (or a subclass) in a task to fail the run at once, whatever its `retries`."""


class DedupeViolationError(Exception):
    """The run exists already, and the engine refused to start it again."""


class IdempotencyCollisionError(Exception):
    """The idempotency key of the run is held by another run.

    Args:
        existing_run_external_id: the run that holds it.
    """

    def __init__(self, existing_run_external_id: str) -> None:
        super().__init__(existing_run_external_id)
        self.existing_run_external_id = existing_run_external_id

    def __str__(self) -> str:
        return f"the idempotency key is held by run {self.existing_run_external_id}"


class BulkTriggerIdempotencyCollisionError(Exception):
    """Some runs of a bulk trigger collided; the others were started.

    Args:
        successful_workflow_run_external_ids: the runs that were started, in order.
        collisions: one error for each that was not.
    """

    def __init__(
        self, successful_workflow_run_external_ids: list[str], collisions: list[IdempotencyCollisionError]
    ) -> None:
        super().__init__(successful_workflow_run_external_ids, collisions)
        self.successful_workflow_run_external_ids = successful_workflow_run_external_ids
        self.collisions = collisions

    def __str__(self) -> str:
        started = len(self.successful_workflow_run_external_ids)
        return f"{len(self.collisions)} runs were not started because their idempotency keys are held; {started} were"


class LoopAlreadyRunningError(Exception):
    """`worker.start()` was called on a thread whose event loop is running."""


class IllegalTaskInputError(ValueError):
    """The input or the metadata of a run cannot be sent: not JSON, not an object, too large, NUL or NaN inside."""


class IllegalTaskOutputError(Exception):
    """A task returned something that cannot be stored as its output."""


class LifespanSetupError(Exception):
    """The worker's lifespan failed before its `yield`."""


class EvictionNotSupportedError(NonRetryableException):
    """The engine cannot evict durable runs.

    Args:
        engine_version: what the engine reported.
    """

    def __init__(self, engine_version: str | None = None) -> None:
        super().__init__(engine_version)
        self.engine_version = engine_version

    def __str__(self) -> str:
        return f"the engine ({self.engine_version or 'unknown version'}) does not support durable eviction"


class DurableTasksNotSupportedError(NonRetryableException):
    """The engine does not offer what a durable task asked for."""


class TaskRunError(Exception):
    """The error of one task run, as it was stored.

    Args:
        exc: message of the exception.
        exc_type: name of its class; `HatchetError` if the text does not come from an SDK (e.g. a timeout).
        trace: its traceback as text.
        task_run_external_id: the task run.
    """

    def __init__(self, exc: str, exc_type: str, trace: str, task_run_external_id: str | None) -> None:
        super().__init__(exc, exc_type, trace, task_run_external_id)
        self.exc = exc
        self.exc_type = exc_type
        self.trace = trace
        self.task_run_external_id = task_run_external_id

    def __str__(self) -> str:
        return self.serialize(include_metadata=False)

    def serialize(self, include_metadata: bool) -> str:
        """The stored form: `<type>: <message>`, the traceback, and (if asked for) a line with the task run's id.

        Line breaks in the message are preceded by a backslash, `: ` in the type is written `:::`. What cannot be
        stored as text (NUL, lone surrogates) is replaced by its escape sequence.
        """
        if not (self.exc or self.exc_type or self.trace):
            return ""
        if self.exc_type == _FOREIGN and not self.trace:
            return storable(self.exc)
        kind = self.exc_type.replace(": ", ":::")
        text = storable(f"{kind}: {_escaped(self.exc)}\n{self.trace}")
        if not include_metadata:
            return text
        metadata = json.dumps({_METADATA_KEY: {"task_run_external_id": self.task_run_external_id}})
        return f"{text}\n\n{metadata}"

    @classmethod
    def deserialize(cls, serialized: str) -> "TaskRunError":
        """Read a stored error. Text that no SDK wrote becomes the message of a `HatchetError`."""
        if not serialized:
            return cls(exc="", exc_type="", trace="", task_run_external_id=None)
        task_run_external_id = None
        found = _METADATA_LINE.search(serialized)
        if found:
            task_run_external_id = _task_run_id(found[1])
            serialized = serialized[: found.start()]
        end = _HEADER_END.search(serialized)
        header = serialized[: end.start(1)] if end else ""
        kind, separator, message = header.partition(": ")
        if not (separator and kind):
            return cls(exc=serialized, exc_type=_FOREIGN, trace="", task_run_external_id=task_run_external_id)
        return cls(
            exc=_unescaped(message),
            exc_type=kind.replace(":::", ": "),
            trace=serialized[len(header) + 1 :],
            task_run_external_id=task_run_external_id,
        )

    @classmethod
    def from_exception(cls, exc: Exception, task_run_external_id: str | None) -> "TaskRunError":
        """The error that `exc`, raised by a task, is stored as. Very long messages and tracebacks are shortened."""
        try:
            message = str(exc)
        except Exception as broken:
            message = f"<the exception's __str__ raised {type(broken).__name__}>"
        return cls(
            exc=_shortened(message, _LONGEST_MESSAGE),
            exc_type=type(exc).__name__,
            trace=_shortened(_traceback_of(exc), _LONGEST_TRACE),
            task_run_external_id=task_run_external_id,
        )


class FailedTaskRunExceptionGroup(ValueError):
    """A run that was waited for has failed.

    Args:
        message: what was waited for.
        exceptions: one error for each task that failed.
    """

    def __init__(self, message: str, exceptions: list[TaskRunError]) -> None:
        super().__init__(message, exceptions)
        self.message = message
        self.exceptions = exceptions

    def __str__(self) -> str:
        return "\n".join([self.message, *(str(exception) for exception in self.exceptions)])


def _traceback_of(exc: Exception) -> str:
    try:
        return "".join(traceback.format_exception(exc))
    except Exception as broken:
        return f"<the traceback cannot be shown: {type(broken).__name__}>"


def _escaped(message: str) -> str:
    # Backslashes that happen to stand before a line break are doubled, so that reading stays unambiguous.
    return _BREAK.sub(lambda run: run[1] * 2 + ("\\\n" if run[2] else ""), message)


def _unescaped(message: str) -> str:
    return _ESCAPED_BREAK.sub(lambda run: run[1][: len(run[1]) // 2] + run[2], message)


def _shortened(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]}\n... {len(text) - 2 * half} characters left out ...\n{text[-half:]}"


def _task_run_id(line: str) -> str | None:
    try:
        value = json.loads(line)[_METADATA_KEY]["task_run_external_id"]
    except (ValueError, KeyError, TypeError):
        return None
    return value if isinstance(value, str) else None
