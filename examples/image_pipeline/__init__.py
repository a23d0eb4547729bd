"""The demo: an image pipeline on real photographs. See README.md beside this file."""
