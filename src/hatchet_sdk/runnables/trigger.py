"""From a call of `run` to what the transport sends."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pydantic_core import to_json

from hatchet_sdk.exceptions import IllegalTaskInputError
from hatchet_sdk.runnables.contextvars import ctx_hatchet_context
from hatchet_sdk.serde.json_text import InvalidPayload, checked_text, dumping_problem
from hatchet_sdk.transport.records import TriggerSpec
from hatchet_sdk.types.labels import labels_by_key
from hatchet_sdk.types.trigger import TriggerWorkflowOptions, WorkflowRunTriggerConfig
from hatchet_sdk.utils.typing import JSONSerializableMapping

if TYPE_CHECKING:
    from hatchet_sdk.client import Client
    from hatchet_sdk.context.context import Context
    from hatchet_wire.published.v1.shared.trigger_pb2 import DesiredWorkerLabels


def trigger_specs(client: "Client", items: Iterable[WorkflowRunTriggerConfig]) -> list[TriggerSpec]:
    """What to send for `items`, as children of the running task if there is one.

    Raises:
        IllegalTaskInputError: an item's metadata cannot be sent.
    """
    items = list(items)
    parent = ctx_hatchet_context.get()
    if parent is not None and not parent.links_children:
        parent = None
    origins = _Origins(parent, len(items))
    metadata = _MetadataTexts(client, parent.inherited_metadata() if parent is not None else {})
    apply_namespace = client.config.apply_namespace
    specs = []
    for item in items:
        options = item.options
        spec = TriggerSpec(
            apply_namespace(item.workflow_name, options.namespace),
            item.input or "",
            metadata.of(options.additional_metadata),
            options.priority,
        )
        origins.set_on(spec, options)
        if options.desired_worker_label:
            spec.desired_labels = _label_messages(options)
        specs.append(spec)
    return specs


def _label_messages(options: TriggerWorkflowOptions) -> "dict[str, DesiredWorkerLabels]":
    from hatchet_sdk.runnables.registration import label_messages

    return label_messages(labels_by_key(options.desired_worker_label).values())


class _Origins:
    """Where runs come from: the running task and the child index of each."""

    def __init__(self, parent: "Context | None", count: int) -> None:
        self._parent = parent
        self._indices = iter(parent.claim_child_indices(count)) if parent is not None else None

    def set_on(self, spec: TriggerSpec, options: TriggerWorkflowOptions) -> None:
        parent, indices = self._parent, self._indices
        if parent is not None and indices is not None:
            spec.parent_run_id = parent.workflow_run_id
            spec.parent_task_id = parent.task_run_id
            spec.child_index = next(indices)
        if options.child_key is not None:
            spec.child_key = options.child_key
        if options.parent_step_run_id is not None:
            spec.parent_run_id = options.parent_id
            spec.parent_task_id = options.parent_step_run_id
            spec.child_index = options.child_index
        if options.sticky:
            spec.desired_worker_id = options.desired_worker_id or (parent.worker_id if parent is not None else None)


class _MetadataTexts:
    """JSON of the metadata of runs, made once for those that add nothing to what they inherit."""

    def __init__(self, client: "Client", inherited: JSONSerializableMapping) -> None:
        self._max_bytes = client.max_payload_bytes
        self._inherited = inherited
        self._inherited_text = self._text(inherited) if inherited else ""

    def of(self, own: JSONSerializableMapping) -> str:
        if not own:
            return self._inherited_text
        return self._text({**self._inherited, **own} if self._inherited else own)

    def _text(self, metadata: JSONSerializableMapping) -> str:
        try:
            data = to_json(metadata)
        except (ValueError, TypeError, RecursionError) as error:
            raise IllegalTaskInputError(f"additional_metadata {dumping_problem(metadata, error)}") from error
        try:
            return checked_text(data, self._max_bytes)
        except InvalidPayload as error:
            raise IllegalTaskInputError(f"additional_metadata {error}") from error
