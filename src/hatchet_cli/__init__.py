"""The `hatchet` command."""
