"""Frames as bytes.

A frame of the session protocol has only repeated, map and singular message fields, so the encodings of its fields, one
after the other, are its encoding. Items are encoded once, when they are made; their sizes are known exactly, and an
item that is sent again is not encoded again.
"""

from collections.abc import Iterable, Iterator

FRAME_LIMIT = 3 * 1024 * 1024
"""Bytes. One item alone may be larger."""

MESSAGE_OVERHEAD = 64 * 1024
"""Bytes that the message size leaves for what surrounds an item."""


def field(number: int, body: bytes) -> bytes:
    """The encoding of a message field whose value encodes to `body`."""
    size = len(body)
    if size < 0x80 and number < 16:
        return bytes((number << 3 | 2, size)) + body
    return varint(number << 3 | 2) + varint(size) + body


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def bundles(pieces: Iterable[bytes], limit: int = FRAME_LIMIT) -> Iterator[bytes]:
    """Join pieces, in order, into frames of at most `limit` bytes; a piece that is larger gets a frame of its own."""
    bundle: list[bytes] = []
    size = 0
    for piece in pieces:
        if bundle and size + len(piece) > limit:
            yield b"".join(bundle)
            bundle, size = [], 0
        bundle.append(piece)
        size += len(piece)
    if bundle:
        yield b"".join(bundle)
