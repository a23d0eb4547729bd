"""The types of what the task decorators return. They keep the types of input and output apart for async and sync."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol, TypeVar, overload

from hatchet_sdk.context.context import Context, DurableContext
from hatchet_sdk.runnables.types import BatchMemberId

if TYPE_CHECKING:
    from hatchet_sdk.runnables.standalone import Standalone
    from hatchet_sdk.runnables.task import Task

I = TypeVar("I")  # noqa: E741 - the input
R = TypeVar("R")
P = ParamSpec("P")


class TaskDecorator(Protocol[I]):
    """Makes a task of a workflow from a function `(input, ctx)`."""

    @overload
    def __call__(self, fn: Callable[Concatenate[I, Context, P], Awaitable[R]], /) -> "Task[I, R]": ...
    @overload
    def __call__(self, fn: Callable[Concatenate[I, Context, P], R], /) -> "Task[I, R]": ...


class DurableTaskDecorator(Protocol[I]):
    """Makes a durable task of a workflow."""

    @overload
    def __call__(self, fn: Callable[Concatenate[I, DurableContext, P], Awaitable[R]], /) -> "Task[I, R]": ...
    @overload
    def __call__(self, fn: Callable[Concatenate[I, DurableContext, P], R], /) -> "Task[I, R]": ...


class StandaloneDecorator(Protocol[I]):
    """Makes a standalone task."""

    @overload
    def __call__(self, fn: Callable[Concatenate[I, Context, P], Awaitable[R]], /) -> "Standalone[I, R]": ...
    @overload
    def __call__(self, fn: Callable[Concatenate[I, Context, P], R], /) -> "Standalone[I, R]": ...


class DurableStandaloneDecorator(Protocol[I]):
    """Makes a durable standalone task."""

    @overload
    def __call__(self, fn: Callable[Concatenate[I, DurableContext, P], Awaitable[R]], /) -> "Standalone[I, R]": ...
    @overload
    def __call__(self, fn: Callable[Concatenate[I, DurableContext, P], R], /) -> "Standalone[I, R]": ...


class BatchTaskDecorator(Protocol[I]):
    """Makes a batch task of a workflow from a function `(dict of inputs by member id, ctx) -> dict of outputs`."""

    @overload
    def __call__(
        self, fn: Callable[Concatenate[dict[BatchMemberId, I], Context, P], Awaitable[dict[BatchMemberId, R]]], /
    ) -> "Task[I, R]": ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[dict[BatchMemberId, I], Context, P], dict[BatchMemberId, R]], /
    ) -> "Task[I, R]": ...


class BroadcastTaskDecorator(Protocol[I]):
    """Makes a batch task of a workflow whose one output goes to every member."""

    @overload
    def __call__(
        self, fn: Callable[Concatenate[dict[BatchMemberId, I], Context, P], Awaitable[R]], /
    ) -> "Task[I, R]": ...
    @overload
    def __call__(self, fn: Callable[Concatenate[dict[BatchMemberId, I], Context, P], R], /) -> "Task[I, R]": ...


class BatchStandaloneDecorator(Protocol[I]):
    """Makes a standalone batch task from a function `(dict of inputs by member id, ctx) -> dict of outputs`."""

    @overload
    def __call__(
        self, fn: Callable[Concatenate[dict[BatchMemberId, I], Context, P], Awaitable[dict[BatchMemberId, R]]], /
    ) -> "Standalone[I, R]": ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[dict[BatchMemberId, I], Context, P], dict[BatchMemberId, R]], /
    ) -> "Standalone[I, R]": ...


class BroadcastStandaloneDecorator(Protocol[I]):
    """Makes a standalone batch task whose one output goes to every member."""

    @overload
    def __call__(
        self, fn: Callable[Concatenate[dict[BatchMemberId, I], Context, P], Awaitable[R]], /
    ) -> "Standalone[I, R]": ...
    @overload
    def __call__(self, fn: Callable[Concatenate[dict[BatchMemberId, I], Context, P], R], /) -> "Standalone[I, R]": ...
