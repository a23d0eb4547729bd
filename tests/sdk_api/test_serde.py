"""JSON round trips of inputs and outputs of every kind."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from hatchet_sdk import (
    ClientConfig,
    Context,
    EmptyModel,
    Hatchet,
    is_in_hatchet_serialization_context,
    remove_null_unicode_character,
)
from hatchet_sdk.serde import HATCHET_PYDANTIC_SENTINEL
from tests.sdk_api.models import Item, Order, Point, Receipt, Row, Secret
from tests.sdk_api.tokens import token

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
scalars = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | text
)
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4), max_leaves=15
)
json_objects = st.dictionaries(text, json_values, max_size=5)


@pytest.fixture(scope="module")
def offline() -> Hatchet:
    return Hatchet(config=ClientConfig(token=token()))


@given(st.builds(Order, id=text, amount=st.integers(-(2**60), 2**60)))
def test_models(offline: Hatchet, order: Order) -> None:
    task = offline.task(name="t", input_validator=Order)(returns_order)
    assert task._task.parse_input(task.serialize_input(order)) == order
    assert task._task.load_output(task._task.dump_output(order)) == order


@given(st.builds(Point, x=st.integers(-(2**60), 2**60), y=st.integers(0, 5), tags=st.lists(text, max_size=3)))
def test_dataclasses(offline: Hatchet, point: Point) -> None:
    task = offline.task(name="t", input_validator=Point)(returns_point)
    assert task._task.parse_input(task.serialize_input(point)) == point
    assert task._task.load_output(task._task.dump_output(point)) == point


@given(json_objects)
def test_dicts(offline: Hatchet, value: dict[str, Any]) -> None:
    task = offline.task(name="t", input_validator=dict)(returns_dict)
    assert task._task.parse_input(task.serialize_input(value)) == value
    assert task._task.load_output(task._task.dump_output(value)) == value


@given(st.fixed_dictionaries({"key": text, "values": st.lists(st.integers(-(2**60), 2**60), max_size=3)}))
def test_typed_dicts(offline: Hatchet, row: Row) -> None:
    task = offline.task(name="t", input_validator=Row)(returns_row)
    assert task._task.parse_input(task.serialize_input(row)) == row
    assert task._task.load_output(task._task.dump_output(row)) == row


@given(st.dictionaries(text, st.lists(st.builds(Item, name=text), max_size=3), min_size=1, max_size=3))
@settings(max_examples=50)
def test_dicts_of_models(offline: Hatchet, value: dict[str, list[Item]]) -> None:
    task = offline.task(name="t")(returns_items)
    assert task._task.load_output(task._task.dump_output(value)) == value


def returns_order(input: Order, ctx: Context) -> Order:
    return input


def returns_point(input: Point, ctx: Context) -> Point:
    return input


def returns_dict(input: dict[str, Any], ctx: Context) -> dict[str, Any]:
    return input


def returns_row(input: Row, ctx: Context) -> Row:
    return input


def returns_items(input: EmptyModel, ctx: Context) -> dict[str, list[Item]]:
    return {}


def test_the_context_is_passed_both_ways(hatchet: Hatchet) -> None:
    @hatchet.task(input_validator=Secret)
    def keep(input: Secret, ctx: Context) -> Secret:
        return input

    assert keep.serialize_input(Secret(text="abc")) == '{"text":"cba"}'
    assert keep._task.parse_input('{"text":"cba"}').text == "abc"
    assert keep._task.load_output(keep._task.dump_output(Secret(text="abc"))).text == "abc"
    assert keep.mock_run(Secret(text="abc")).text == "abc"
    assert Secret(text="abc").model_dump_json() == '{"text":"abc"}'


def test_only_the_sdk_has_that_context() -> None:
    assert is_in_hatchet_serialization_context(HATCHET_PYDANTIC_SENTINEL)
    assert not is_in_hatchet_serialization_context(None)
    assert not is_in_hatchet_serialization_context(dict(HATCHET_PYDANTIC_SENTINEL))


def test_no_input_is_an_empty_object(hatchet: Hatchet) -> None:
    @hatchet.task()
    def plain(input: EmptyModel, ctx: Context) -> None:
        return None

    assert plain.serialize_input({}) == plain.serialize_input(None) == ""
    assert plain.create_bulk_run_item().input is None
    assert plain._task.parse_input("") == EmptyModel()


def test_an_untyped_task_takes_any_object(hatchet: Hatchet) -> None:
    @hatchet.task()
    def plain(input: EmptyModel, ctx: Context) -> None:
        return None

    assert plain.serialize_input({"a": [1]}) == '{"a":[1]}'
    assert plain.serialize_input(Order(id="1")) == '{"id":"1","amount":1}'
    read = plain._task.parse_input('{"a":[1]}')
    assert read.model_extra == {"a": [1]}


def test_input_that_does_not_fit_fails_at_the_caller(hatchet: Hatchet) -> None:
    @hatchet.task(input_validator=Order)
    def typed(input: Order, ctx: Context) -> None:
        return None

    with pytest.raises(ValidationError):
        typed.serialize_input({"amount": 1})
    with pytest.raises(ValidationError):
        typed.serialize_input(Receipt(order_id="1"))
    assert typed.serialize_input({"id": "1"}) == '{"id":"1","amount":1}'


def test_subclasses_keep_their_fields(hatchet: Hatchet) -> None:
    class Special(Order):
        note: str = "n"

    @hatchet.task(input_validator=Order)
    def typed(input: Order, ctx: Context) -> Order:
        return input

    assert '"note":"n"' in typed.serialize_input(Special(id="1"))
    assert '"note":"n"' in typed._task.dump_output(Special(id="1"))


@pytest.mark.parametrize("nothing", [None, {}, "", 0, [], False, ()])
def test_falsy_outputs_are_none_at_all(hatchet: Hatchet, nothing: Any) -> None:
    @hatchet.task()
    def plain(input: EmptyModel, ctx: Context) -> None:
        return None

    assert plain._task.dump_output(nothing) == ""
    assert plain._task.load_output("") == EmptyModel()


def test_an_optional_output(hatchet: Hatchet) -> None:
    @hatchet.task()
    def maybe(input: EmptyModel, ctx: Context) -> Order | None:
        return None

    assert maybe._task.load_output(maybe._task.dump_output(None)) is None
    assert maybe._task.load_output('{"id": "1"}') == Order(id="1")


def test_outputs_that_do_not_fit_fail_at_the_caller(hatchet: Hatchet) -> None:
    @hatchet.task()
    def typed(input: EmptyModel, ctx: Context) -> Order:
        return Order(id="1")

    with pytest.raises(ValidationError):
        typed._task.load_output('{"amount": 1}')


def test_annotations_are_read_where_they_were_written(hatchet: Hatchet) -> None:
    class Local(BaseModel):
        a: int

    @hatchet.task()
    def task(input: "OnlyForTypeCheckers", ctx: "Nowhere") -> "Local":  # type: ignore[name-defined]  # noqa: F821 - on purpose
        return Local(a=1)

    assert task.output_validator_type is Local


def test_a_return_type_that_cannot_be_found_is_refused(hatchet: Hatchet) -> None:
    with pytest.raises(TypeError, match="TYPE_CHECKING"):

        @hatchet.task()
        def task(input: EmptyModel, ctx: Context) -> "Nowhere":  # type: ignore[name-defined]  # noqa: F821 - on purpose
            return None


@pytest.mark.parametrize(
    ("data", "cleaned"),
    [
        ("a\x00b", "ab"),
        ({"k\x00": ["\x00", ("x\x00",), {"d\x00": 1}]}, {"k": ["", ("x",), {"d": 1}]}),
        (b"\x00", b"\x00"),
        (1.5, 1.5),
        (None, None),
    ],
)
def test_null_characters_are_stripped_at_every_depth(data: Any, cleaned: Any) -> None:
    assert remove_null_unicode_character(data) == cleaned


def test_null_characters_can_be_replaced() -> None:
    assert remove_null_unicode_character({"a": "x\x00y"}, replacement="?") == {"a": "x?y"}


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10))
def test_stripping_changes_nothing_else(data: Any) -> None:
    before = repr(data)
    cleaned = remove_null_unicode_character(data)
    assert "\\x00" not in repr(cleaned).replace("\\\\x00", "")
    assert repr(data) == before
    assert remove_null_unicode_character(cleaned) == cleaned


def test_an_empty_model_keeps_what_it_is_given_and_is_frozen() -> None:
    model = EmptyModel.model_validate({"a": 1})
    assert model.model_extra == {"a": 1}
    with pytest.raises(ValidationError):
        model.a = 2  # type: ignore[attr-defined]  # the point: it cannot be set
