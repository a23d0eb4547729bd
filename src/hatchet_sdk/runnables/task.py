"""One task of a workflow, and the execution of its body."""

from contextlib import AbstractAsyncContextManager
from copy import copy
from typing import TYPE_CHECKING, Any, TypeVar

from hatchet_sdk.context.context import Context, DurableContext
from hatchet_sdk.runnables.contextvars import ctx_hatchet_context
from hatchet_sdk.runnables.dependencies import Depends, resolved_in_thread, resolved_on_loop
from hatchet_sdk.runnables.mock import mock_context
from hatchet_sdk.runnables.task_definition import TaskDefinition
from hatchet_sdk.utils.typing import JSONSerializableMapping

if TYPE_CHECKING:
    from hatchet_sdk.runnables.declaration import BaseWorkflow

__all__ = ["Depends", "Task"]

R = TypeVar("R")
TWorkflowInput = TypeVar("TWorkflowInput")


class Task(TaskDefinition[TWorkflowInput, R]):
    """One task inside a workflow; what `@workflow.task()` returns. Pass it in `parents=` and to `ctx.task_output`.

    Not created by applications.
    """

    def resolve_dependencies(self, ctx: Context) -> AbstractAsyncContextManager[dict[str, Any]]:
        """The values to inject, by parameter name, resolved on the running event loop; left after the body."""
        return resolved_on_loop(self._dependencies, self.parse_input(ctx._action.input), ctx)

    def call(self, ctx: Context | DurableContext, dependencies: dict[str, Any] | None = None) -> R:
        """Run a sync body on this thread.

        Args:
            ctx: the context of the attempt.
            dependencies: values to inject; None: resolve them here.

        Raises:
            TypeError: the body is async.
        """
        self._refuse_unless(is_async=False, instead="aio_call")
        value = self.parse_input(ctx._action.input)
        token = ctx_hatchet_context.set(ctx)
        try:
            if dependencies is None and self._dependencies:
                with resolved_in_thread(self._dependencies, value, ctx) as values:
                    return self._fn(value, ctx, **values)  # type: ignore[no-any-return]
            return self._fn(value, ctx, **(dependencies or {}))  # type: ignore[no-any-return]
        finally:
            ctx_hatchet_context.reset(token)

    async def aio_call(self, ctx: Context | DurableContext, dependencies: dict[str, Any] | None = None) -> R:
        """Run an async body on this event loop.

        Args:
            ctx: the context of the attempt.
            dependencies: values to inject; None: resolve them here.

        Raises:
            TypeError: the body is sync.
        """
        self._refuse_unless(is_async=True, instead="call")
        value = self.parse_input(ctx._action.input)
        token = ctx_hatchet_context.set(ctx)
        try:
            if dependencies is None and self._dependencies:
                async with resolved_on_loop(self._dependencies, value, ctx) as values:
                    return await self._fn(value, ctx, **values)  # type: ignore[no-any-return]
            return await self._fn(value, ctx, **(dependencies or {}))  # type: ignore[no-any-return]
        finally:
            ctx_hatchet_context.reset(token)

    def mock_run(
        self,
        input: TWorkflowInput | None = None,
        additional_metadata: JSONSerializableMapping | None = None,
        parent_outputs: dict[str, JSONSerializableMapping] | None = None,
        retry_count: int = 0,
        lifespan: Any = None,
        dependencies: dict[str, Any] | None = None,
    ) -> R:
        """Run the body here, without engine and worker, and return what it returns.

        Args:
            input: the task's input; it goes through JSON as in a real run.
            additional_metadata: metadata of the run.
            parent_outputs: outputs of parents by task name, for `ctx.task_output`.
            retry_count: 0 for the first attempt.
            lifespan: value of `ctx.lifespan`.
            dependencies: values of the injected parameters; nothing is resolved.

        Raises:
            TypeError: the body is async (use `aio_mock_run`), or a dependency was not given.
        """
        self._refuse_unless(is_async=False, instead="aio_mock_run")
        ctx = mock_context(self, input, additional_metadata, parent_outputs, retry_count, lifespan)
        return self.call(ctx, self._given(dependencies))

    async def aio_mock_run(
        self,
        input: TWorkflowInput | None = None,
        additional_metadata: JSONSerializableMapping | None = None,
        parent_outputs: dict[str, JSONSerializableMapping] | None = None,
        retry_count: int = 0,
        lifespan: Any = None,
        dependencies: dict[str, Any] | None = None,
    ) -> R:
        """As `mock_run`, for async bodies.

        Raises:
            TypeError: the body is sync (use `mock_run`), or a dependency was not given.
        """
        self._refuse_unless(is_async=True, instead="mock_run")
        ctx = mock_context(self, input, additional_metadata, parent_outputs, retry_count, lifespan)
        return await self.aio_call(ctx, self._given(dependencies))

    def copy_for(self, workflow: "BaseWorkflow[TWorkflowInput]") -> "Task[TWorkflowInput, R]":
        """The same task in another workflow."""
        twin = copy(self)
        twin._workflow = workflow
        twin._input = workflow._input
        return twin

    def _refuse_unless(self, is_async: bool, instead: str) -> None:
        if self.is_async_function is not is_async:
            kind = "an async" if is_async else "a sync"
            raise TypeError(f"{self.name} is not {kind} function. Use `{instead}` instead.")

    def _given(self, dependencies: dict[str, Any] | None) -> dict[str, Any]:
        given = dependencies or {}
        missing = [each.parameter for each in self._dependencies if each.parameter not in given]
        if missing:
            raise TypeError(f"mock runs resolve nothing: pass dependencies={{...}} with {', '.join(missing)}")
        return given
