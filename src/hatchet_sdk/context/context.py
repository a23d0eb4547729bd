"""The context types that tasks are written against."""

from hatchet_sdk.context.durable_context import DurableContext, SleepResult
from hatchet_sdk.context.task_context import Context

__all__ = ["Context", "DurableContext", "SleepResult"]
