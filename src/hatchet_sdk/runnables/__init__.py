"""Tasks and workflows: their declaration, registration, triggering and execution."""
