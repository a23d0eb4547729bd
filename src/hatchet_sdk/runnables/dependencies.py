"""Dependency injection: parameters declared as `Annotated[T, Depends(fn)]`."""

import inspect
from asyncio import Runner, to_thread
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass
from typing import Annotated, Any, Concatenate, Generic, TypeAlias, TypeVar, get_args, get_origin

from hatchet_sdk.context.context import Context
from hatchet_sdk.context.deprecated import warn_deprecated
from hatchet_sdk.exceptions import InvalidDependencyError
from hatchet_sdk.runnables.annotations import Annotations

T = TypeVar("T")
TWorkflowInput = TypeVar("TWorkflowInput")

DependencyFunc: TypeAlias = Callable[
    Concatenate[TWorkflowInput, Context, ...],
    T | Awaitable[T] | AbstractContextManager[T] | AbstractAsyncContextManager[T],
]

INPUT_AND_CONTEXT = 2


class Depends(Generic[T, TWorkflowInput]):
    """Marks an injected parameter.

    Args:
        fn: called as `fn(input, ctx)` before the task's body, with further dependencies as further parameters. It may
            be `def` (run in a thread when the task is async), `async def`, or decorated with `contextmanager` or
            `asynccontextmanager`; then what it yields is injected, and it is left after the body.

    Raises:
        InvalidDependencyError: it has fewer than two parameters, or is an undecorated generator.
    """

    def __init__(self, fn: "DependencyFunc[TWorkflowInput, T]") -> None:
        name = _name(fn)
        if len(inspect.signature(fn).parameters) < INPUT_AND_CONTEXT:
            raise InvalidDependencyError(f"the dependency {name} must take (input, ctx) as its first two parameters")
        if inspect.isgeneratorfunction(fn) or inspect.isasyncgenfunction(fn):
            raise InvalidDependencyError(
                f"the dependency {name} yields; decorate it with contextlib.contextmanager or asynccontextmanager"
            )
        self._fn = fn

    @property
    def fn(self) -> "DependencyFunc[TWorkflowInput, T]":
        warn_deprecated("Depends.fn", "the function itself")
        return self._fn


@dataclass(frozen=True, slots=True)
class Dependency:
    """One injected parameter, with the parameters of its function."""

    parameter: str
    fn: Callable[..., Any]
    needs: "tuple[Dependency, ...]"

    @property
    def needs_loop(self) -> bool:
        """Whether it must be resolved on an event loop."""
        return is_async(self.fn) or any(dependency.needs_loop for dependency in self.needs)


def is_async(fn: Callable[..., Any]) -> bool:
    """Whether a function is `async def` or makes an async context manager."""
    if inspect.iscoroutinefunction(fn) or inspect.iscoroutinefunction(type(fn).__call__):
        return True
    return inspect.isasyncgenfunction(inspect.unwrap(fn))


def declared_dependencies(fn: Callable[..., Any], annotations: Annotations) -> tuple[Dependency, ...]:
    """The injected parameters of a task.

    Raises:
        InvalidDependencyError: dependencies need each other in a circle.
        TypeError: a parameter after the first two is neither injected nor optional.
    """
    return _dependencies(fn, annotations, ())


def _dependencies(
    fn: Callable[..., Any], annotations: Annotations, chain: tuple[Callable[..., Any], ...]
) -> tuple[Dependency, ...]:
    found: list[Dependency] = []
    parameters = list(inspect.signature(fn).parameters.values())
    for parameter in parameters[INPUT_AND_CONTEXT:]:
        marker = _marker(annotations.of(parameter.name))
        if marker is not None:
            dependency = marker._fn
            if dependency in chain:
                circle = " -> ".join(_name(link) for link in (*chain[chain.index(dependency) :], dependency))
                raise InvalidDependencyError(f"the dependencies need each other in a circle: {circle}")
            needs = _dependencies(dependency, annotations.for_function(dependency), (*chain, dependency))
            found.append(Dependency(parameter.name, dependency, needs))
        elif parameter.default is parameter.empty and parameter.kind not in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        ):
            raise TypeError(
                f"the parameter '{parameter.name}' of {_name(fn)} is neither injected nor optional; annotate it with "
                "Annotated[<type>, Depends(<function>)], or move it into the input model"
            )
    return tuple(found)


def _marker(annotation: Any) -> "Depends[Any, Any] | None":
    if get_origin(annotation) is not Annotated:
        return None
    return next((extra for extra in get_args(annotation)[1:] if isinstance(extra, Depends)), None)


def _name(fn: Callable[..., Any]) -> str:
    return getattr(fn, "__name__", None) or repr(fn)


@asynccontextmanager
async def resolved_on_loop(
    dependencies: tuple[Dependency, ...], value: Any, ctx: Context
) -> AsyncIterator[dict[str, Any]]:
    """The values to inject, by parameter name, resolved on the running event loop (plain functions in threads).

    Context managers are left in reverse order, without being told of an exception of the body.

    Args:
        dependencies: what to resolve, in order.
        value: the task's input.
        ctx: the task's context.
    """
    stack = AsyncExitStack()
    try:
        yield await _resolve(dependencies, value, ctx, stack, in_threads=True)
    finally:
        await stack.aclose()


@contextmanager
def resolved_in_thread(dependencies: tuple[Dependency, ...], value: Any, ctx: Context) -> Iterator[dict[str, Any]]:
    """As `resolved_on_loop`, on this thread, which runs no event loop. Async dependencies get a loop of their own."""
    stack = AsyncExitStack()
    if any(dependency.needs_loop for dependency in dependencies):
        with Runner() as runner:
            try:
                yield runner.run(_resolve(dependencies, value, ctx, stack, in_threads=False))
            finally:
                runner.run(stack.aclose())
        return
    try:
        yield _finish(_resolve(dependencies, value, ctx, stack, in_threads=False))
    finally:
        _finish(stack.aclose())


def _finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine in which nothing waits."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    coroutine.close()
    raise InvalidDependencyError("a plain function among the dependencies returned something that must be awaited")


async def _resolve(
    dependencies: tuple[Dependency, ...], value: Any, ctx: Context, stack: AsyncExitStack, in_threads: bool
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for dependency in dependencies:
        inner = await _resolve(dependency.needs, value, ctx, stack, in_threads)
        if in_threads and _blocks(dependency.fn):
            made = await to_thread(dependency.fn, value, ctx, **inner)
        else:
            made = dependency.fn(value, ctx, **inner)
        values[dependency.parameter] = await _entered(made, stack)
    return values


def _blocks(fn: Callable[..., Any]) -> bool:
    """Whether calling `fn` runs its body: not so for coroutines and for generators behind a context manager."""
    return not is_async(fn) and not inspect.isgeneratorfunction(inspect.unwrap(fn))


async def _entered(made: Any, stack: AsyncExitStack) -> Any:
    if inspect.isawaitable(made):
        made = await made
    # By declared base class, not by duck type: a connection or a lock is a value, although it can be entered.
    if AbstractAsyncContextManager in type(made).__mro__:
        return await stack.enter_async_context(made)
    if AbstractContextManager in type(made).__mro__:
        return stack.enter_context(made)
    return made
