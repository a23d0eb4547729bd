"""`hatchet worker dev`: the worker of a project, restarted when its code changes."""
