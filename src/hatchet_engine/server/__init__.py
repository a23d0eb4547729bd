"""The composition root: settings, keys and tokens, logs, and the process that runs an engine with its transports."""
