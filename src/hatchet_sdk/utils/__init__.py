"""Small things that applications import from here by name."""
