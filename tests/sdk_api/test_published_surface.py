"""Names, signatures, fields and members are those that applications are written against."""

import ast
import enum
import importlib
import inspect
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest
import tenacity
from pydantic import BaseModel

import hatchet_sdk
from hatchet_sdk import EmptyModel, Priority, RateLimitDuration, TaskDefaults
from hatchet_sdk.config import (
    DEFAULT_HOST_PORT,
    ClientTLSConfig,
    HealthcheckConfig,
    HTTPMethod,
    OpenTelemetryConfig,
    TenacityConfig,
    tenacity_before_sleep,
)
from hatchet_sdk.runnables.eviction import DEFAULT_DURABLE_TASK_EVICTION_POLICY

TABLE = Path(__file__).with_name("published_surface.txt")

EXPORTS = frozenset(
    """
    APIError APIErrors APIResourceMeta BulkCancelReplayOpts BulkPushEventOptions BulkPushEventWithMetadata
    BulkTriggerIdempotencyCollisionError ClientConfig ClientTLSConfig ConcurrencyExpression
    ConcurrencyLimitStrategy Condition Context DedupeViolationError DefaultFilter Depends DesiredWorkerLabel
    DurableContext EmptyModel EvictionNotSupportedError EvictionPolicy FailedTaskRunExceptionGroup Hatchet
    IdempotencyCollisionError NonDeterminismError NonRetryableException OpenTelemetryConfig OrGroup OTelAttribute
    PaginationResponse ParentCondition Priority PushEventOptions RateLimit RateLimitDuration RunEventListener
    RunFilter RunStatus ScheduleTriggerWorkflowOptions SleepCondition SlotType StatusBasedIdempotencyConfig
    StepRunEventType StickyStrategy TTLBasedIdempotencyConfig Task TaskDefaults TaskRunError TaskRunRef
    TriggerWorkflowOptions UserEventCondition V1TaskStatus Worker WorkerContext WorkerLabel WorkerLabelComparator
    WorkerList WorkerStartOptions WorkerStatus Workflow WorkflowConfig WorkflowList WorkflowRunEventType
    WorkflowRunRef WorkflowRunTriggerConfig WorkflowVersion WorkflowVersionMeta
    is_in_hatchet_serialization_context or_ remove_null_unicode_character
    """.split()  # noqa: SIM905 - seventy names as a list would be seventy lines
)

OLD_PATHS = {
    "hatchet_sdk.labels:DesiredWorkerLabel": "hatchet_sdk.types.labels",
    "hatchet_sdk.rate_limit:RateLimit": "hatchet_sdk.types.rate_limit",
    "hatchet_sdk.rate_limit:RateLimitDuration": "hatchet_sdk.types.rate_limit",
    "hatchet_sdk.runnables.task:Depends": "hatchet_sdk.runnables.dependencies",
    "hatchet_sdk.runnables.workflow:Standalone": "hatchet_sdk.runnables.standalone",
    "hatchet_sdk.runnables.types:BatchMemberId": "hatchet_sdk.runnables.types",
    "hatchet_sdk.features.runs:BulkCancelReplayOpts": "hatchet_sdk.features.run_filters",
    "hatchet_sdk.clients.rest.models:V1TaskStatus": "hatchet_sdk.clients.rest.models.v1_task_status",
    "hatchet_sdk.serde:is_in_hatchet_serialization_context": "hatchet_sdk.serde.pydantic",
}
"""Published import paths of things that live elsewhere."""


class Member(NamedTuple):
    owner: str
    line: str

    @property
    def kind(self) -> Any:
        module, _, name = self.owner.partition(":")
        return getattr(importlib.import_module(module), name)


def members() -> Iterator[Member]:
    owner = ""
    for line in TABLE.read_text().splitlines():
        if line.startswith("["):
            owner = line.strip("[]")
        elif line and not line.startswith("#"):
            yield Member(owner, line)


MEMBERS = list(members())
METHODS = [member for member in MEMBERS if "(" in member.line.partition(":")[0]]
FIELDS = [member for member in MEMBERS if member not in METHODS and ": " in member.line]
VALUES = [member for member in MEMBERS if " = " in member.line and member not in METHODS and member not in FIELDS]
ATTRIBUTES = [member for member in MEMBERS if member.line.isidentifier()]


def value_of(expression: str) -> Any:
    names = {
        "cast": cast,
        "timedelta": timedelta,
        "tenacity": tenacity,
        "getLogger": logging.getLogger,
        "tenacity_before_sleep": tenacity_before_sleep,
        "TWorkflowInput": Any,
        "DEFAULT_DURABLE_TASK_EVICTION_POLICY": DEFAULT_DURABLE_TASK_EVICTION_POLICY,
        "DEFAULT_HOST_PORT": DEFAULT_HOST_PORT,
        **{
            kind.__name__: kind
            for kind in (
                ClientTLSConfig,
                EmptyModel,
                HTTPMethod,
                HealthcheckConfig,
                OpenTelemetryConfig,
                Priority,
                RateLimitDuration,
                TaskDefaults,
                TenacityConfig,
            )
        },
    }
    return eval(expression, names)


def ids(cases: list[Member]) -> list[Any]:
    return [pytest.param(case, id=f"{case.owner.partition(':')[2]}.{case.line[:40]}") for case in cases]


def test_the_table_is_read_whole() -> None:
    assert len(METHODS) + len(FIELDS) + len(VALUES) + len(ATTRIBUTES) == len(MEMBERS)
    assert all((METHODS, FIELDS, VALUES, ATTRIBUTES))


def test_everything_exported_is_there_and_nothing_else() -> None:
    assert sorted(hatchet_sdk.__all__) == sorted(EXPORTS)
    for name in EXPORTS:
        assert getattr(hatchet_sdk, name) is not None
    namespace: dict[str, Any] = {}
    exec("from hatchet_sdk import *", namespace)
    assert namespace.keys() >= EXPORTS


def test_what_is_not_there_says_so() -> None:
    with pytest.raises(AttributeError, match="CronClient"):
        _ = hatchet_sdk.CronClient
    with pytest.raises(AttributeError, match="Nothing"):
        _ = importlib.import_module("hatchet_sdk.clients.rest.models").Nothing


@pytest.mark.parametrize(("published", "home"), OLD_PATHS.items())
def test_published_import_paths(published: str, home: str) -> None:
    module, _, name = published.partition(":")
    assert getattr(importlib.import_module(module), name) is getattr(importlib.import_module(home), name)


@pytest.mark.parametrize("member", ids(METHODS))
def test_methods(member: Member) -> None:
    line, _, twin = member.line.partition(" + ")
    is_async, line = line.startswith("async "), line.removeprefix("async ")
    name = line.partition("(")[0]
    method = getattr(member.kind, name)
    published = inspect.signature(function_of(line))
    actual = inspect.signature(method)
    compare_parameters(published, actual)
    if is_async:
        assert inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method)
    if twin:
        assert inspect.iscoroutinefunction(getattr(member.kind, f"aio_{name}"))


def function_of(line: str) -> Any:
    tree = ast.parse(f"lambda {line.partition('(')[2].rpartition(')')[0]}: None", mode="eval")
    return value_of(ast.unparse(tree))


def compare_parameters(published: inspect.Signature, actual: inspect.Signature) -> None:
    mine = [parameter for name, parameter in actual.parameters.items() if name not in ("self", "cls")]
    for theirs, ours in zip(published.parameters.values(), mine, strict=False):
        assert (theirs.name, theirs.kind) == (ours.name, ours.kind)
        assert theirs.default == ours.default
    extra = mine[len(published.parameters) :]
    assert len(mine) >= len(published.parameters)
    assert all(more.kind is more.KEYWORD_ONLY and more.default is not more.empty for more in extra)


@pytest.mark.parametrize("member", ids(FIELDS))
def test_fields(member: Member) -> None:
    name, _, default = member.line.partition(": ")
    kind: type[BaseModel] = member.kind
    field = kind.model_fields[name]
    if default == "required":
        assert field.is_required()
    else:
        assert not field.is_required()
        assert field.get_default(call_default_factory=True) == value_of(default)


@pytest.mark.parametrize("member", ids(VALUES))
def test_members_of_enumerations(member: Member) -> None:
    name, _, value = member.line.partition(" = ")
    kind: type[enum.Enum] = member.kind
    assert kind[name].value == value_of(value)


@pytest.mark.parametrize("member", ids(ATTRIBUTES))
def test_attributes(member: Member) -> None:
    kind = member.kind
    assert hasattr(kind, member.line) or member.line in inspect.getsource(kind.__init__)


def test_models_have_no_other_required_fields() -> None:
    """A field that only we require would refuse what the engine sends."""
    published: dict[str, set[str]] = {}
    for member in FIELDS:
        published.setdefault(member.owner, set()).add(member.line.partition(": ")[0])
    for owner, names in published.items():
        kind: type[BaseModel] = Member(owner, "").kind
        required = {name for name, field in kind.model_fields.items() if field.is_required()}
        inherited = {name for base in kind.__mro__[1:] for name in getattr(base, "model_fields", {})}
        assert required - inherited <= names, owner


def test_rest_models_take_both_spellings_and_ignore_what_is_new() -> None:
    from hatchet_sdk.clients.rest.models import APIResourceMeta, PaginationResponse

    moment = "2026-01-02T03:04:05Z"
    camel = APIResourceMeta.model_validate({"id": "1", "createdAt": moment, "updatedAt": moment, "newMember": 1})
    snake = APIResourceMeta.model_validate({"id": "1", "created_at": moment, "updated_at": moment})
    assert camel == snake
    assert PaginationResponse.model_validate({"current_page": 1}).current_page == 1
