"""Free text on its way into the engine's store."""


def storable(text: str) -> str:
    """`text` with what no store takes (NUL, lone surrogates) replaced by its escape sequence."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
