"""What the engine calls itself towards clients, which switch features on by it (docs/wire.md C.1)."""

ENGINE_VERSION = "v0.101.27"
"""The release whose contract this engine speaks."""
