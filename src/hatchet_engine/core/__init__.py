"""The engine's rules: a deterministic state machine without I/O, clock, randomness or logging.

`Tenant` (state.py) holds one tenant's live objects; `apply` (apply.py) runs one command against it. Everything
that must be stored is recorded in a `Changes`, everything that must be told to somebody in its `effects`; the
runtime writes the first and only then releases the second.
"""
