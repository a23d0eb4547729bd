"""The old home of `hatchet_sdk.types.labels`."""

from hatchet_sdk.types.labels import DesiredWorkerLabel, WorkerLabel, WorkerLabelComparator

__all__ = ["DesiredWorkerLabel", "WorkerLabel", "WorkerLabelComparator"]
