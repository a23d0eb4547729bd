"""What the engine accepts as a payload: one JSON object, no NUL, no NaN, below the message size."""

import re
from math import isfinite
from typing import Any

from pydantic_core import from_json

_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_MIB = 1024 * 1024
_BRACE = ord("{")
_REPLACEMENT = "\ufffd".encode()
_SURROGATE = (
    "contains a lone surrogate (half of a UTF-16 pair), which is not valid text; "
    "decode the data properly or drop it with text.encode('utf-8', 'ignore').decode()"
)
_NAN = "contains NaN or Infinity, which JSON does not have; send None or a string"


class InvalidPayload(ValueError):
    """A value that cannot be sent. The message says what is wrong and what to do; callers say whose value it was."""


def checked_text(data: bytes, max_bytes: int) -> str:
    """`data` as text, if the engine will take it.

    Args:
        data: serialized JSON.
        max_bytes: the largest payload that fits in a message.

    Raises:
        InvalidPayload: not an object, too large, or containing NUL, NaN or Infinity.
    """
    if len(data) > max_bytes:
        raise InvalidPayload(
            f"is {len(data) / _MIB:.1f} MiB of JSON, more than the {max_bytes / _MIB:.1f} MiB that one message may "
            "have; store large data elsewhere and send a reference, or raise grpc_max_send_message_length here and "
            "the limit of the engine"
        )
    if data[0] != _BRACE:
        raise InvalidPayload(f"must be a JSON object (a model, a dataclass or a dict), not {_kind(data)}")
    if b"\\u0000" in data and _ESCAPED_NUL.search(data):
        raise InvalidPayload(
            "contains a NUL character (\\u0000), which cannot be stored; "
            "remove_null_unicode_character() strips it from strings, dicts, lists and tuples"
        )
    if b"NaN" in data or b"Infinity" in data:
        _refuse_nan(data)
    return data.decode()


def _refuse_nan(data: bytes) -> None:
    try:
        from_json(data, allow_inf_nan=False)
    except ValueError:
        raise InvalidPayload(_NAN) from None


def refuse_silent_loss(value: Any, data: bytes) -> None:
    """Refuse a dict of which serializing lost something without an error.

    Typed dicts write NaN as null, and a lone surrogate in a key as U+FFFD. (In models and dataclasses pydantic's
    `ser_json_inf_nan` decides about NaN; its default is null.)

    Raises:
        InvalidPayload: something was lost.
    """
    if b"null" in data or _REPLACEMENT in data:
        _walk(value)


def _walk(value: Any) -> None:
    if isinstance(value, float):
        if not isfinite(value):
            raise InvalidPayload(_NAN)
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(key, str) and not key.isascii():
                _encodable(key)
            _walk(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _walk(item)


def _encodable(key: str) -> None:
    try:
        key.encode()
    except UnicodeEncodeError:
        raise InvalidPayload(_SURROGATE) from None


def _kind(data: bytes) -> str:
    names = {b"[": "a list", b'"': "a string", b"t": "a boolean", b"f": "a boolean", b"n": "null", b"": "nothing"}
    return names.get(data[:1], "a number")


def dumping_problem(value: Any, error: Exception) -> InvalidPayload:
    """Why `value` could not be serialized, in words."""
    if isinstance(error, UnicodeEncodeError) or "surrogates not allowed" in str(error):
        return InvalidPayload(_SURROGATE)
    if isinstance(error, RecursionError) or "depth exceeded" in str(error) or "Circular reference" in str(error):
        return InvalidPayload("is nested too deeply or contains itself; flatten it")
    return InvalidPayload(f"of type {type(value).__name__} cannot be serialized to JSON: {error}")
