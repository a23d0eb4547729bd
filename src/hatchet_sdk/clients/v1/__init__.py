"""Clients of the current API version."""
