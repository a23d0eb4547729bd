"""The values that declare how tasks run."""
