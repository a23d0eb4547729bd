"""Alembic's environment and the steps from one schema to the next, run by `migrate` when a store is opened."""

HEAD = "0001"
"""The newest revision. A database that has it is opened without loading Alembic."""
