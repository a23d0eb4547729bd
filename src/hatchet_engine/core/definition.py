"""What a workflow registration says: parsed, validated and given a checksum.

The registration arrives as the JSON form of `v1.CreateWorkflowVersionRequest` (field names of the contract). It is
kept whole, so that features that a later engine executes need no new registration.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hatchet_engine.core import durations
from hatchet_engine.core.errors import InvalidArgument

DEFAULT_EXECUTION_TIMEOUT = 60 * durations.SECOND
DEFAULT_SCHEDULE_TIMEOUT = 5 * durations.MINUTE
MAX_BACKOFF_S = 86_400
DEFAULT_SLOT_TYPE = "default"
DURABLE_SLOT_TYPE = "durable"
PRIORITIES = range(1, 4)

_NAME = re.compile(r"^[a-zA-Z0-9._-]+$")
_STRATEGIES = {"CANCEL_IN_PROGRESS", "GROUP_ROUND_ROBIN", "CANCEL_NEWEST"}

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One task of a workflow. Durations in microseconds."""

    name: str
    action: str
    parents: tuple[str, ...] = ()
    retries: int = 0
    backoff_factor: float | None = None
    backoff_max_s: int = MAX_BACKOFF_S
    execution_timeout: int = DEFAULT_EXECUTION_TIMEOUT
    schedule_timeout: int = DEFAULT_SCHEDULE_TIMEOUT
    slot_requests: Mapping[str, int] = field(default_factory=lambda: {DEFAULT_SLOT_TYPE: 1})
    is_durable: bool = False
    not_executed: tuple[str, ...] = ()
    """Features that this registration uses and this engine stores but does not execute yet."""


@dataclass(frozen=True, slots=True)
class WorkflowDefinition:
    name: str
    steps: tuple[Step, ...]
    raw: Json
    """The registration as it came."""
    description: str = ""
    version: str = ""
    default_priority: int = 1
    on_failure: bool = False
    not_executed: tuple[str, ...] = ()

    @property
    def is_standalone(self) -> bool:
        """One task and no on-failure task: its run id is its task id."""
        return len(self.steps) == 1 and not self.on_failure

    def checksum(self) -> str:
        """Equal for registrations that mean the same: random ids of condition groups do not take part."""
        canonical = json.dumps(_normalised(self.raw), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()

    @classmethod
    def parse(cls, raw: Json) -> "WorkflowDefinition":
        """Validate a registration.

        Raises:
            InvalidArgument: naming the field and what it must be.
        """
        name = _name("workflow", raw.get("name", ""))
        tasks: Sequence[Json] = raw.get("tasks", ())
        if not tasks:
            raise _invalid(f"workflow '{name}' has no tasks; add at least one")
        steps = [_step(task) for task in tasks]
        _check_graph(name, steps)
        failure = raw.get("on_failure_task")
        if failure is not None:
            steps.append(_step(failure))
        priority = raw.get("default_priority", 1)
        if priority not in PRIORITIES:
            raise _invalid(f"default_priority of workflow '{name}' must be 1, 2 or 3, not {priority}")
        return cls(
            name=name,
            steps=tuple(steps),
            raw=raw,
            description=raw.get("description", ""),
            version=raw.get("version", ""),
            default_priority=priority,
            on_failure=failure is not None,
            not_executed=_workflow_features(raw),
        )


def _invalid(message: str) -> InvalidArgument:
    return InvalidArgument(f"Invalid request: {message}")


def _name(kind: str, name: str) -> str:
    if not _NAME.match(name):
        raise _invalid(f"the {kind} name {name!r} may only contain letters, digits, '.', '_' and '-'")
    return name


def normalise_action(action: str) -> str:
    """`Service:Verb` as the engine compares it: the service's first letter and the whole verb in lower case.

    Raises:
        InvalidArgument: not two or three parts separated by colons.
    """
    parts = action.split(":")
    if len(parts) not in (2, 3) or not all(parts):
        raise _invalid(f"the action {action!r} must have the form service:verb")
    service = parts[0][0].lower() + parts[0][1:]
    return ":".join([service, *(part.lower() for part in parts[1:])])


def _step(task: Json) -> Step:
    name = _name("task", task.get("readable_id", ""))
    retries = task.get("retries", 0)
    if retries < 0:
        raise _invalid(f"retries of task '{name}' must not be negative")
    factor, longest = task.get("backoff_factor"), task.get("backoff_max_seconds", MAX_BACKOFF_S)
    if factor is not None and not 1 <= factor <= 1000:
        raise _invalid(f"backoff_factor of task '{name}' must be between 1 and 1000")
    if not 1 <= longest <= MAX_BACKOFF_S:
        raise _invalid(f"backoff_max_seconds of task '{name}' must be between 1 and {MAX_BACKOFF_S}")
    durable = bool(task.get("is_durable", False))
    default_slots = {DURABLE_SLOT_TYPE if durable else DEFAULT_SLOT_TYPE: 1}
    slots = {str(kind): int(units) for kind, units in (task.get("slot_requests") or default_slots).items()}
    if any(units < 1 for units in slots.values()):
        raise _invalid(f"slot_requests of task '{name}' must be 1 or more")
    return Step(
        name=name,
        action=normalise_action(task.get("action", "")),
        parents=tuple(task.get("parents", ())),
        retries=retries,
        backoff_factor=factor,
        backoff_max_s=longest,
        execution_timeout=_timeout(task.get("timeout"), DEFAULT_EXECUTION_TIMEOUT),
        schedule_timeout=_timeout(task.get("schedule_timeout"), DEFAULT_SCHEDULE_TIMEOUT),
        slot_requests=slots,
        is_durable=durable,
        not_executed=_step_features(name, task),
    )


def _timeout(text: str | None, default: int) -> int:
    return durations.parse_duration(text) if text else default


def _check_graph(workflow: str, steps: Sequence[Step]) -> None:
    by_name: dict[str, Step] = {}
    for step in steps:
        if step.name in by_name:
            raise _invalid(f"workflow '{workflow}' has two tasks named '{step.name}'")
        by_name[step.name] = step
    for step in steps:
        for parent in step.parents:
            if parent not in by_name:
                raise _invalid(f"parent step '{parent}' not found for step '{step.name}'")
    done: set[str] = set()
    while len(done) < len(steps):
        ready = [s.name for s in steps if s.name not in done and done.issuperset(s.parents)]
        if not ready:
            raise _invalid(f"workflow '{workflow}' has a cycle among its tasks' parents")
        done.update(ready)


def _workflow_features(raw: Json) -> tuple[str, ...]:
    used = []
    if raw.get("concurrency") or raw.get("concurrency_arr"):
        used.append("workflow concurrency")
    for strategy in [*([raw["concurrency"]] if raw.get("concurrency") else []), *raw.get("concurrency_arr", ())]:
        _check_strategy(strategy)
    if "sticky" in raw:
        used.append("sticky assignment")
    if raw.get("idempotency"):
        used.append("idempotency keys")
    return tuple(used)


def _check_strategy(strategy: Json) -> None:
    name = strategy.get("limit_strategy", "CANCEL_IN_PROGRESS")
    if name not in _STRATEGIES:
        raise _invalid(f"concurrency strategy {name} is not supported; use one of {', '.join(sorted(_STRATEGIES))}")
    if not strategy.get("expression"):
        raise _invalid("a concurrency limit needs an expression")


def _step_features(name: str, task: Json) -> tuple[str, ...]:
    for strategy in task.get("concurrency", ()):
        _check_strategy(strategy)
    for limit in task.get("rate_limits", ()):
        if not limit.get("key") and not limit.get("key_expr"):
            raise _invalid(f"a rate limit of task '{name}' needs a key")
    features = {
        "concurrency": "task concurrency",
        "rate_limits": "rate limits",
        "worker_labels": "worker affinity",
        "conditions": "conditions",
        "batch": "batch tasks",
        "is_durable": "durable tasks",
    }
    return tuple(text for key, text in features.items() if task.get(key))


def _normalised(raw: Json) -> Any:
    """`raw` with condition groups numbered in order of appearance and parent conditions keyed by their parent."""
    groups: dict[str, int] = {}

    def walk(value: Any, parent_id: str | None) -> Any:
        if isinstance(value, Mapping):
            own = value.get("parent_readable_id", parent_id)
            return {key: field_value(key, item, own) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [walk(item, parent_id) for item in value]
        return value

    def field_value(key: str, item: Any, parent_id: str | None) -> Any:
        if key == "or_group_id":
            return groups.setdefault(item, len(groups))
        if key == "readable_data_key" and parent_id is not None:
            return parent_id
        return walk(item, parent_id)

    return walk(raw, None)
