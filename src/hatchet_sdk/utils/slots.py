"""The published home of `hatchet_sdk.worker.slots`."""

from hatchet_sdk.worker.slots import resolve_worker_slot_config

__all__ = ["resolve_worker_slot_config"]
