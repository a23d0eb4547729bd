"""Labels of workers, and what tasks want of them."""

import warnings
from enum import Enum

from pydantic import BaseModel


class WorkerLabelComparator(int, Enum):
    """How a worker's label is compared with the wanted value: `worker's value <comparator> wanted value`.

    The four orderings need integers on both sides; EQUAL and NOT_EQUAL need the same type on both sides.
    """

    EQUAL = 0
    NOT_EQUAL = 1
    GREATER_THAN = 2
    GREATER_THAN_OR_EQUAL = 3
    LESS_THAN = 4
    LESS_THAN_OR_EQUAL = 5


class WorkerLabel(BaseModel):
    """A label that a worker advertises."""

    key: str | None = None
    value: str | int


class DesiredWorkerLabel(WorkerLabel):
    """A label that a task wants its worker to have.

    Args:
        required: a worker that does not satisfy it never gets the task; otherwise it is only less preferred.
        weight: how much a satisfied label counts; None stands for 100.
        comparator: None stands for EQUAL.
    """

    required: bool = False
    weight: int | None = None
    comparator: int | WorkerLabelComparator | None = None


DesiredWorkerLabels = dict[str, DesiredWorkerLabel] | list[DesiredWorkerLabel] | None


def labels_by_key(labels: DesiredWorkerLabels, stacklevel: int = 4) -> dict[str, DesiredWorkerLabel]:
    """The wanted labels by key. The dict form of the argument is deprecated and warns.

    Raises:
        ValueError: a label of the list has no key, or two have the same.
    """
    if not labels:
        return {}
    if isinstance(labels, dict):
        warnings.warn(
            "desired_worker_labels as a dict is deprecated and will be removed in 2.0.0; "
            "pass a list of DesiredWorkerLabel(key=..., value=...)",
            DeprecationWarning,
            stacklevel=stacklevel,
        )
        return {key: label.model_copy(update={"key": key}) for key, label in labels.items()}
    by_key: dict[str, DesiredWorkerLabel] = {}
    for label in labels:
        if not label.key:
            raise ValueError(f"the desired worker label with value {label.value!r} needs a key")
        if label.key in by_key:
            raise ValueError(f"two desired worker labels have the key {label.key!r}")
        by_key[label.key] = label
    return by_key
