"""The connection to the engine: its own thread and loop, the session streams, and the published RPCs as fallback."""
