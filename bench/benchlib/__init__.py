"""The harness: everything that is the same for every measured system. Linux only, standard library only.

It runs in the virtual environment of each measured system, so it imports nothing but the standard library.
"""
