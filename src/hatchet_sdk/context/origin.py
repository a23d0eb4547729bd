"""Where the run comes from."""

from hatchet_sdk.context.facts import AttemptFacts, parsed_object
from hatchet_sdk.utils.typing import JSONSerializableMapping


class RunOrigin(AttemptFacts):
    """The parent, the event or the conditions that the run was started by."""

    __slots__ = ()

    @property
    def child_index(self) -> int | None:
        """Number of this run among the children of its parent, from 0; None if it is no child."""
        return self._action.child_index

    @property
    def child_key(self) -> str | None:
        """The key that the parent gave this child."""
        return self._action.child_key

    @property
    def parent_workflow_run_id(self) -> str | None:
        return self._action.parent_run_id

    @property
    def was_triggered_by_event(self) -> bool:
        return self._action.triggering_event_id is not None

    @property
    def triggering_event_id(self) -> str | None:
        return self._action.triggering_event_id

    @property
    def triggering_event_key(self) -> str | None:
        return self._action.triggering_event_key

    @property
    def trigger_data(self) -> JSONSerializableMapping:
        """Data of the conditions that let the task start, by their readable data keys."""
        if self._triggers is None:
            self._triggers = parsed_object(self._action.triggers)
        return self._triggers

    @property
    def filter_payload(self) -> JSONSerializableMapping:
        """Payload of the event filter that let the run start."""
        return self.trigger_data.get("filter_payload") or {}
