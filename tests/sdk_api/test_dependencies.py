"""Dependency injection."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, Any

import pytest

from hatchet_sdk import Context, Depends, EmptyModel, Hatchet
from hatchet_sdk.exceptions import InvalidDependencyError
from tests.sdk_api.conftest import MakeContext
from tests.sdk_api.models import Order

LOG: list[str] = []


@pytest.fixture(autouse=True)
def empty_log() -> None:
    del LOG[:]


def plain(input: Order, ctx: Context) -> str:
    return f"plain {input.id} {ctx.retry_count}"


async def coroutine(input: Order, ctx: Context) -> str:
    await asyncio.sleep(0)
    return f"coroutine {input.id}"


@contextmanager
def manager(input: Order, ctx: Context) -> Iterator[str]:
    LOG.append("manager in")
    try:
        yield "manager"
    except BaseException:
        LOG.append("manager saw an error")
        raise
    finally:
        LOG.append("manager out")


@asynccontextmanager
async def async_manager(input: Order, ctx: Context, inner: Annotated[str, Depends(manager)]) -> AsyncIterator[str]:
    LOG.append("async manager in")
    yield f"async {inner}"
    LOG.append("async manager out")


async def test_an_async_task(hatchet: Hatchet, make_context: MakeContext) -> None:
    @hatchet.task(input_validator=Order)
    async def task(
        input: Order,
        ctx: Context,
        a: Annotated[str, Depends(plain)],
        b: Annotated[str, Depends(coroutine)],
        c: Annotated[str, Depends(manager)],
        d: Annotated[str, Depends(async_manager)],
    ) -> dict[str, str]:
        LOG.append("body")
        return {"a": a, "b": b, "c": c, "d": d}

    result = await task.tasks[0].aio_call(make_context(input='{"id":"7"}', retry_count=2))

    assert result == {"a": "plain 7 2", "b": "coroutine 7", "c": "manager", "d": "async manager"}
    assert LOG == [
        "manager in",
        "manager in",
        "async manager in",
        "body",
        "async manager out",
        "manager out",
        "manager out",
    ]


def test_a_sync_task_resolves_on_its_own_thread(hatchet: Hatchet, make_context: MakeContext) -> None:
    def thread(input: Order, ctx: Context) -> int:
        return threading.get_ident()

    @hatchet.task(input_validator=Order)
    def task(
        input: Order, ctx: Context, at: Annotated[int, Depends(thread)], c: Annotated[str, Depends(manager)]
    ) -> dict[str, Any]:
        LOG.append("body")
        return {"same": at == threading.get_ident(), "c": c}

    assert not task.tasks[0].needs_loop_for_dependencies
    assert task.tasks[0].call(make_context(input='{"id":"7"}')) == {"same": True, "c": "manager"}
    assert LOG == ["manager in", "body", "manager out"]


async def test_plain_functions_do_not_block_the_loop(hatchet: Hatchet, make_context: MakeContext) -> None:
    def thread(input: EmptyModel, ctx: Context) -> int:
        return threading.get_ident()

    @hatchet.task()
    async def task(input: EmptyModel, ctx: Context, at: Annotated[int, Depends(thread)]) -> dict[str, Any]:
        return {"other": at != threading.get_ident()}

    assert await task.tasks[0].aio_call(make_context()) == {"other": True}


async def test_a_sync_task_with_async_dependencies(hatchet: Hatchet, make_context: MakeContext) -> None:
    @hatchet.task(input_validator=Order)
    def task(input: Order, ctx: Context, d: Annotated[str, Depends(async_manager)]) -> dict[str, str]:
        LOG.append("body")
        return {"d": d}

    inner, ctx = task.tasks[0], make_context(input='{"id":"7"}')
    assert inner.needs_loop_for_dependencies
    async with inner.resolve_dependencies(ctx) as dependencies:
        assert await asyncio.to_thread(inner.call, ctx, dependencies) == {"d": "async manager"}
    assert LOG == ["manager in", "async manager in", "body", "async manager out", "manager out"]

    # Without an event loop of the caller they get one of their own.
    assert await asyncio.to_thread(inner.call, ctx) == {"d": "async manager"}


def test_context_managers_are_left_without_the_error_of_the_body(hatchet: Hatchet, make_context: MakeContext) -> None:
    @hatchet.task(input_validator=Order)
    def task(input: Order, ctx: Context, c: Annotated[str, Depends(manager)]) -> None:
        raise KeyError("body")

    with pytest.raises(KeyError, match="body"):
        task.tasks[0].call(make_context(input='{"id":"7"}'))
    assert LOG == ["manager in", "manager out"]


async def test_what_was_entered_is_left_if_a_later_dependency_fails(
    hatchet: Hatchet, make_context: MakeContext
) -> None:
    def broken(input: Order, ctx: Context) -> str:
        raise LookupError("no pool")

    @hatchet.task(input_validator=Order)
    async def task(
        input: Order, ctx: Context, c: Annotated[str, Depends(manager)], e: Annotated[str, Depends(broken)]
    ) -> None:
        LOG.append("body")

    with pytest.raises(LookupError, match="no pool"):
        await task.tasks[0].aio_call(make_context(input='{"id":"7"}'))
    assert LOG == ["manager in", "manager out"]


class Lock:
    """A value that happens to be enterable, like a lock or a database connection."""

    def __enter__(self) -> "Lock":
        raise AssertionError("nobody asked for it to be entered")

    def __exit__(self, *error: object) -> None:
        return None


def test_values_that_can_be_entered_are_not(hatchet: Hatchet, make_context: MakeContext) -> None:
    lock = Lock()

    def give(input: EmptyModel, ctx: Context) -> Lock:
        return lock

    @hatchet.task()
    def task(input: EmptyModel, ctx: Context, given: Annotated[Lock, Depends(give)]) -> dict[str, bool]:
        return {"same": given is lock}

    assert task.tasks[0].call(make_context()) == {"same": True}


def test_dependencies_are_not_cached(hatchet: Hatchet, make_context: MakeContext) -> None:
    @hatchet.task(input_validator=Order)
    def task(
        input: Order, ctx: Context, a: Annotated[str, Depends(manager)], b: Annotated[str, Depends(manager)]
    ) -> None:
        return None

    task.tasks[0].call(make_context(input='{"id":"7"}'))
    task.tasks[0].call(make_context(input='{"id":"7"}'))
    assert LOG.count("manager in") == 4


def test_dependencies_of_a_graph_task(hatchet: Hatchet, make_context: MakeContext) -> None:
    workflow = hatchet.workflow(name="w", input_validator=Order)

    @workflow.task()
    def task(input: Order, ctx: Context, a: Annotated[str, Depends(plain)]) -> dict[str, str]:
        return {"a": a}

    assert task.call(make_context(input='{"id":"7"}')) == {"a": "plain 7 0"}


def needs_second(input: EmptyModel, ctx: Context, other: "Annotated[str, Depends(needs_first)]") -> str:
    return other


def needs_first(input: EmptyModel, ctx: Context, other: Annotated[str, Depends(needs_second)]) -> str:
    return other


def test_a_circle_is_named(hatchet: Hatchet) -> None:
    with pytest.raises(InvalidDependencyError, match="needs_first -> needs_second -> needs_first"):

        @hatchet.task()
        def task(input: EmptyModel, ctx: Context, a: Annotated[str, Depends(needs_first)]) -> None:
            return None


def test_two_dependencies_of_one_name_are_no_circle(hatchet: Hatchet, make_context: MakeContext) -> None:
    def value(input: EmptyModel, ctx: Context) -> str:
        return "inner"

    inner = value

    def value(input: EmptyModel, ctx: Context, other: Annotated[str, Depends(inner)]) -> str:  # type: ignore[no-redef]
        return f"outer of {other}"

    @hatchet.task()
    def task(input: EmptyModel, ctx: Context, a: Annotated[str, Depends(value)]) -> dict[str, str]:
        return {"a": a}

    assert task.tasks[0].call(make_context()) == {"a": "outer of inner"}


def test_functions_that_cannot_be_called_are_refused() -> None:
    def too_few(input: EmptyModel) -> str:
        return ""

    def generator(input: EmptyModel, ctx: Context) -> Iterator[str]:
        yield ""

    with pytest.raises(InvalidDependencyError, match="too_few must take"):
        Depends(too_few)  # type: ignore[arg-type]  # the point
    with pytest.raises(InvalidDependencyError, match="decorate it"):
        Depends(generator)


def test_a_parameter_that_nobody_fills_is_refused(hatchet: Hatchet) -> None:
    with pytest.raises(TypeError, match="'user' of task"):

        @hatchet.task()
        def task(input: EmptyModel, ctx: Context, user: str) -> None:
            return None


def test_an_optional_parameter_is_left_alone(hatchet: Hatchet, make_context: MakeContext) -> None:
    @hatchet.task()
    def task(input: EmptyModel, ctx: Context, user: str = "nobody") -> dict[str, str]:
        return {"user": user}

    assert task.tasks[0].call(make_context()) == {"user": "nobody"}


def test_reading_the_function_of_a_dependency_warns() -> None:
    with pytest.warns(DeprecationWarning, match=r"Depends\.fn"):
        assert Depends(plain).fn is plain
