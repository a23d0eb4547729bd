"""The loop around the core: intake, batches, commits, release; and what needs a clock or a thread."""
