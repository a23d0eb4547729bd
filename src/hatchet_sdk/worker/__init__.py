"""The worker process: registration, execution, reporting."""
