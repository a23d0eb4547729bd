"""From the arguments of `hatchet.workflow` and `hatchet.task` to a workflow."""

from typing import TYPE_CHECKING, Any

from hatchet_sdk.runnables.types import DEFAULT_PRIORITY, EmptyModel, TaskDefaults, WorkflowConfig
from hatchet_sdk.runnables.workflow import Workflow
from hatchet_sdk.serde.codec import Codec
from hatchet_sdk.types.priority import Priority, checked_priority

if TYPE_CHECKING:
    from hatchet_sdk.client import Client


def declared_workflow(
    client: "Client",
    *,
    name: str,
    input_validator: type[Any] | None = None,
    default_priority: int | Priority = DEFAULT_PRIORITY,
    task_defaults: TaskDefaults | None = None,
    **settings: Any,
) -> Workflow[Any]:
    """A workflow without tasks.

    Args:
        client: what it talks to the engine through.
        name: name without namespace.
        input_validator: type of the input; None: EmptyModel.
        default_priority: priority of runs that are started without one.
        task_defaults: defaults of its tasks.
        settings: the other fields of `WorkflowConfig`; None stands for the field's default.

    Raises:
        ValueError: a setting is not possible.
    """
    declared = input_validator if input_validator is not None else EmptyModel
    defaults = task_defaults if task_defaults is not None else TaskDefaults()
    if default_priority == DEFAULT_PRIORITY and defaults.priority is not None:
        default_priority = defaults.priority
    if not name:
        raise ValueError("a workflow needs a name")
    codec: Codec[Any] = Codec(declared, client.max_payload_bytes)
    config = WorkflowConfig(
        name=name,
        input_validator=codec.adapter,
        default_priority=checked_priority(default_priority, stacklevel=5),
        task_defaults=defaults,
        **{key: value for key, value in settings.items() if value is not None},
    )
    return Workflow(config, client, codec)
