"""The Hatchet SDK."""
