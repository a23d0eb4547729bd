"""How the world reaches the engine: decode a message into a command, run it, encode the reply. No rules live here."""
