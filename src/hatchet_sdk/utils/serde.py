"""Cleaning payloads."""

from typing import Any, TypeVar, cast, overload

T = TypeVar("T")
K = TypeVar("K")
R = TypeVar("R")

_NUL = "\x00"


@overload
def remove_null_unicode_character(data: str, replacement: str = "") -> str: ...
@overload
def remove_null_unicode_character(data: dict[K, T], replacement: str = "") -> dict[K, T]: ...
@overload
def remove_null_unicode_character(data: list[T], replacement: str = "") -> list[T]: ...
@overload
def remove_null_unicode_character(data: tuple[T, ...], replacement: str = "") -> tuple[T, ...]: ...
@overload
def remove_null_unicode_character(data: R, replacement: str = "") -> R: ...
def remove_null_unicode_character(
    data: dict[K, T] | list[T] | tuple[T, ...] | R, replacement: str = ""
) -> str | dict[K, T] | list[T] | tuple[T, ...] | R:
    """`data` without NUL characters, which no payload may contain.

    Strings, dicts (keys and values), lists and tuples are cleaned at every depth; any other value is returned as it is.

    Args:
        data: what to clean. It is not changed; a cleaned copy is returned.
        replacement: what to put in place of each NUL.
    """
    return cast("str | dict[K, T] | list[T] | tuple[T, ...] | R", _clean(data, replacement))


def _clean(data: Any, replacement: str) -> Any:
    if isinstance(data, str):
        return data.replace(_NUL, replacement)
    if isinstance(data, dict):
        return {_clean(key, replacement): _clean(value, replacement) for key, value in data.items()}
    if isinstance(data, list):
        return [_clean(item, replacement) for item in data]
    if isinstance(data, tuple):
        return tuple(_clean(item, replacement) for item in data)
    return data
