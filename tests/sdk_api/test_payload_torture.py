"""What cannot be sent fails here, at once, with words that help."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel, model_serializer

from hatchet_sdk import ClientConfig, Context, EmptyModel, Hatchet
from hatchet_sdk.exceptions import IllegalTaskInputError, IllegalTaskOutputError
from hatchet_sdk.runnables.trigger import trigger_specs
from tests.sdk_api.models import Anything, Order
from tests.sdk_api.tokens import token


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"v": value}
    return value


def circular() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["self"] = value
    return value


class Tree(BaseModel):
    child: "Tree | None" = None


def deep_tree(depth: int) -> Tree:
    tree = Tree()
    for _ in range(depth):
        tree = Tree.model_construct(child=tree)
    return tree


class Refuses(BaseModel):
    @model_serializer
    def _dump(self) -> dict[str, Any]:
        raise RuntimeError("the vault is closed")


TORTURE: list[tuple[str, Any, str]] = [
    ("NUL in a value", {"a": "x\x00y"}, "NUL"),
    ("NUL in a key", {"x\x00": 1}, "NUL"),
    ("NUL behind a backslash", {"a": "\\\x00"}, "NUL"),
    ("lone surrogate", {"a": "\ud800"}, "surrogate"),
    ("lone surrogate in a key", {"\udfff": 1}, "surrogate"),
    ("NaN", {"a": math.nan}, "NaN"),
    ("Infinity", {"a": [-math.inf]}, "NaN or Infinity"),
    ("deep nesting", nested(100_000), "nested too deeply"),
    ("a dict that contains itself", circular(), "contains itself"),
    ("64 MiB", {"a": "x" * (64 * 1024 * 1024)}, "64.0 MiB"),
    ("an object that is no JSON", {"a": object()}, "cannot be serialized"),
    ("bytes that are no text", {"a": b"\xff\xfe"}, "cannot be serialized"),
]
MODELS: list[tuple[str, BaseModel, str]] = [
    ("NUL in a model", Anything(value="\x00"), "NUL"),
    ("lone surrogate in a model", Anything(value="\ud800"), "surrogate"),
    ("deep nesting in a model", Anything(value=nested(100_000)), "nested too deeply"),
    ("a deep tree of models", deep_tree(5_000), "nested too deeply|Circular|recursion"),
    ("64 MiB in a model", Anything(value="x" * (64 * 1024 * 1024)), "64.0 MiB"),
    ("a serializer that raises", Refuses(), "the vault is closed"),
]
ALL = [pytest.param(value, says, id=name) for name, value, says in [*TORTURE, *MODELS]]


@pytest.fixture(scope="module")
def task() -> Any:
    hatchet = Hatchet(config=ClientConfig(token=token()))
    return hatchet.task(name="t", input_validator=EmptyModel)(body)


def body(input: EmptyModel, ctx: Context) -> dict[str, Any]:
    return {}


@pytest.mark.parametrize(("value", "says"), ALL)
def test_inputs(task: Any, value: Any, says: str) -> None:
    with pytest.raises(IllegalTaskInputError, match=says) as caught:
        task.create_bulk_run_item(value)
    assert "the input of 't'" in str(caught.value)
    assert len(str(caught.value)) < 2_000


@pytest.mark.parametrize(("value", "says"), ALL)
def test_outputs(task: Any, value: Any, says: str) -> None:
    with pytest.raises(IllegalTaskOutputError, match=says) as caught:
        task._task.dump_output(value)
    assert "the output of task 't'" in str(caught.value)
    assert len(str(caught.value)) < 2_000


@pytest.mark.parametrize(("value", "says"), [param for param in ALL if isinstance(param.values[0], dict)])
def test_metadata(task: Any, value: dict[str, Any], says: str) -> None:
    item = task.create_bulk_run_item(additional_metadata=value)
    with pytest.raises(IllegalTaskInputError, match=says) as caught:
        trigger_specs(task._client, [item])
    assert "additional_metadata" in str(caught.value)


@pytest.mark.parametrize(
    "value", ["text", 1, 2.5, [1], (1,), {1}, True, object(), Order, b"x"], ids=lambda value: type(value).__name__
)
def test_outputs_that_are_no_objects(task: Any, value: Any) -> None:
    with pytest.raises(IllegalTaskOutputError, match="return a pydantic model, a dataclass, a dict or None"):
        task._task.dump_output(value)


def test_inputs_that_are_no_objects() -> None:
    hatchet = Hatchet(config=ClientConfig(token=token()))

    @hatchet.task(name="numbers", input_validator=list[int])
    def numbers(input: list[int], ctx: Context) -> None:
        return None

    with pytest.raises(IllegalTaskInputError, match=r"must be a JSON object .* not a list"):
        numbers.serialize_input([1])


@pytest.mark.parametrize(
    "value", [{"a": "\\u0000"}, {"a": "\\\\u0000 NaN Infinity"}, {"a": "NaN", "Infinity": "\\"}], ids=repr
)
def test_text_that_only_looks_dangerous_passes(task: Any, value: dict[str, Any]) -> None:
    assert json.loads(task.serialize_input(value)) == value
    assert json.loads(task._task.dump_output(value)) == value


@pytest.mark.parametrize("of", [nested, lambda depth: {"v": [nested(depth)]}])
def test_ordinary_depth_passes(task: Any, of: Callable[[int], dict[str, Any]]) -> None:
    value = of(150)
    assert task._task.parse_input(task.serialize_input(value)).model_dump() == value


def test_the_limit_follows_the_message_size() -> None:
    small = Hatchet(config=ClientConfig(token=token(), grpc_max_send_message_length=1024 * 1024))
    large = Hatchet(config=ClientConfig(token=token(), grpc_max_send_message_length=128 * 1024 * 1024))
    value = {"a": "x" * (2 * 1024 * 1024)}
    with pytest.raises(IllegalTaskInputError, match=r"2\.0 MiB"):
        small.task(name="t")(body).serialize_input(value)
    assert len(large.task(name="t")(body).serialize_input(value)) > 2 * 1024 * 1024


def test_nan_in_a_model_follows_the_model(task: Any) -> None:
    """pydantic writes null unless the model's `ser_json_inf_nan` says otherwise."""
    assert task.serialize_input(Anything(value=math.nan)) == '{"value":null}'

    class Constants(BaseModel, ser_json_inf_nan="constants"):
        value: float

    with pytest.raises(IllegalTaskInputError, match="NaN"):
        task.serialize_input(Constants(value=math.nan))
