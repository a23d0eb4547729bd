"""The parts of `hatchet` that inspect and control the engine."""
