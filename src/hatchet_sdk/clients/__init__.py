"""Clients of the engine's APIs."""
