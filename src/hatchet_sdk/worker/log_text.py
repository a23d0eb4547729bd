"""Log messages as the engine takes them."""

MAX_LENGTH = 10_000


def log_text(message: str) -> str:
    """At most 10,000 characters, valid Unicode, without NUL."""
    message = message[:MAX_LENGTH]
    if message.isascii() and "\x00" not in message:
        return message
    return message.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")[:MAX_LENGTH]
