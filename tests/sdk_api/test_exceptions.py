"""The error of a task as text: exact layout, and back."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatchet_sdk import (
    BulkTriggerIdempotencyCollisionError,
    EvictionNotSupportedError,
    FailedTaskRunExceptionGroup,
    IdempotencyCollisionError,
    NonDeterminismError,
    NonRetryableException,
    TaskRunError,
)

storable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
type_names = st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_.: ]{0,20}[a-z]\Z").filter(
    lambda name: ":::" not in name and not name.startswith("HatchetError") and " :" not in name
)


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


def test_the_layout() -> None:
    error = TaskRunError(
        exc="first\nsecond", exc_type="my: Error", trace="Traceback\n  line\n", task_run_external_id="7"
    )
    assert error.serialize(include_metadata=True) == (
        "my:::Error: first\\\nsecond\nTraceback\n  line\n\n\n"
        '{"__hatchet_error_metadata__": {"task_run_external_id": "7"}}'
    )
    assert str(error) == "my:::Error: first\\\nsecond\nTraceback\n  line\n"


@given(type_names, storable, storable.filter(lambda text: "__hatchet_error_metadata__" not in text), st.uuids())
def test_round_trip(kind: str, message: str, trace: str, run_id: object) -> None:
    error = TaskRunError(exc=message, exc_type=kind, trace=trace, task_run_external_id=str(run_id))
    back = TaskRunError.deserialize(error.serialize(include_metadata=True))
    assert (back.exc, back.exc_type, back.trace, back.task_run_external_id) == (message, kind, trace, str(run_id))


@given(type_names, storable, storable.filter(lambda text: "__hatchet_error_metadata__" not in text))
def test_round_trip_without_metadata(kind: str, message: str, trace: str) -> None:
    error = TaskRunError(exc=message, exc_type=kind, trace=trace, task_run_external_id=None)
    back = TaskRunError.deserialize(error.serialize(include_metadata=False))
    assert (back.exc, back.exc_type, back.trace, back.task_run_external_id) == (message, kind, trace, None)


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    back = TaskRunError.deserialize(text)
    assert bool(back.exc_type) == bool(text)


@pytest.mark.parametrize("text", ["Task exceeded timeout of 60s", "boom: no line break", "no colon\nat all"])
def test_text_of_the_engine_is_a_hatchet_error(text: str) -> None:
    back = TaskRunError.deserialize(text)
    assert (back.exc_type, back.exc, back.trace, back.task_run_external_id) == ("HatchetError", text, "", None)
    assert str(back) == text


def test_nothing_is_nothing() -> None:
    back = TaskRunError.deserialize("")
    assert (back.exc, back.exc_type, back.trace, back.task_run_external_id) == ("", "", "", None)
    assert back.serialize(include_metadata=True) == ""


def test_from_an_exception() -> None:
    error = TaskRunError.from_exception(raised(ZeroDivisionError("no")), "run-1")
    assert (error.exc, error.exc_type, error.task_run_external_id) == ("no", "ZeroDivisionError", "run-1")
    assert error.trace.startswith("Traceback (most recent call last)")
    assert "test_exceptions.py" in error.trace


def test_an_exception_without_message_is_still_an_error() -> None:
    text = TaskRunError.from_exception(raised(ValueError()), "1").serialize(include_metadata=True)
    assert text.startswith("ValueError: \nTraceback")
    assert TaskRunError.deserialize(text).exc_type == "ValueError"


def test_what_no_store_takes_is_escaped() -> None:
    text = TaskRunError.from_exception(raised(ValueError("nul \x00 half \ud800")), "1").serialize(include_metadata=True)
    assert "\x00" not in text
    assert text.encode()
    assert TaskRunError.deserialize(text).exc == "nul \\x00 half \\ud800"


def test_a_huge_message_is_shortened() -> None:
    text = TaskRunError.from_exception(raised(ValueError("x" * 10_000_000)), "1").serialize(include_metadata=True)
    assert len(text) < 1_000_000
    assert "characters left out" in text


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no")


def test_an_exception_that_cannot_be_printed() -> None:
    error = TaskRunError.from_exception(raised(Unprintable()), "1")
    assert "raised RuntimeError" in error.exc


def test_the_group_shows_all_its_errors() -> None:
    errors = [TaskRunError(exc=str(number), exc_type="E", trace="", task_run_external_id=None) for number in (1, 2)]
    group = FailedTaskRunExceptionGroup("Workflow run 7 failed.", errors)
    assert isinstance(group, ValueError)
    assert str(group) == "Workflow run 7 failed.\nE: 1\n\nE: 2\n"
    assert group.exceptions == errors


def test_eviction_is_not_retried() -> None:
    assert isinstance(EvictionNotSupportedError("v0.1.0"), NonRetryableException)
    assert "v0.1.0" in str(EvictionNotSupportedError("v0.1.0"))


@pytest.mark.parametrize(
    "error",
    [
        TaskRunError(exc="a", exc_type="b", trace="c", task_run_external_id="d"),
        FailedTaskRunExceptionGroup("m", []),
        IdempotencyCollisionError("run-1"),
        BulkTriggerIdempotencyCollisionError(["run-1"], [IdempotencyCollisionError("run-2")]),
        NonDeterminismError("run-1", 2, "expected a, received b", 3),
        EvictionNotSupportedError(None),
    ],
)
def test_errors_survive_the_way_between_processes(error: Exception) -> None:
    back = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert back.__dict__.keys() == error.__dict__.keys()
