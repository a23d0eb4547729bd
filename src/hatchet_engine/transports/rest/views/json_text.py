"""Stored JSON text as the objects that clients expect."""

import json
from typing import Any

from pydantic_core import from_json


def json_object(text: str) -> dict[str, Any]:
    """The object in `text`; `{}` for none. Other values are wrapped: `{"value": ...}`, unreadable text `{"text": ...}`.

    One odd row must not make a whole list unreadable.
    """
    if not text or text == "{}":
        return {}
    try:
        value = from_json(text, allow_inf_nan=False)
    except ValueError:
        return {"text": text.encode("utf-8", "replace").decode()}
    return value if isinstance(value, dict) else {"value": value}


def json_list(text: str) -> list[Any]:
    """The array in `text`, written by the engine itself."""
    value: list[Any] = json.loads(text)
    return value
