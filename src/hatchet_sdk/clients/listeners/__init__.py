"""Listeners of live events."""
