"""Types of what clients send: UUIDs, times, pages, metadata pairs."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema

MOST_ROWS = 10_000
"""A page holds no more, whatever `limit` says."""

_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
# A "+" that was not escaped in a query arrives as a space.
_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d(?:\.\d+)?)([Zz]|[+\- ]\d\d:\d\d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST = 2**63 - 1


def parse_uuid(text: str) -> str:
    """The UUID in lower case.

    Raises:
        ValueError: not 36 characters of the usual form.
    """
    if not _UUID.fullmatch(text):
        raise ValueError("must be a UUID like 01890a5d-ac96-774b-bcce-b302099a8057")
    return text.lower()


def parse_time(text: object) -> int:
    """Microseconds since the epoch.

    Raises:
        ValueError: not RFC 3339.
    """
    match = _RFC3339.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError("must be an RFC 3339 time with an offset, like 2024-05-01T12:00:00Z")
    day, clock, offset = match.groups()
    offset = "+00:00" if offset in "Zz" else offset.replace(" ", "+")
    try:
        return (datetime.fromisoformat(f"{day}T{clock}{offset}") - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"is not a time: {error}") from error


Uuid = Annotated[
    str,
    AfterValidator(parse_uuid),
    WithJsonSchema({"type": "string", "format": "uuid", "minLength": 36, "maxLength": 36}),
]
Moment = Annotated[int, PlainValidator(parse_time), WithJsonSchema({"type": "string", "format": "date-time"})]
Limit = Annotated[int, Field(ge=1, le=_LARGEST)]
Offset = Annotated[int, Field(ge=0, le=_LARGEST)]


class Parameters(BaseModel):
    """Query parameters; unknown ones are ignored."""

    model_config = ConfigDict(extra="ignore")


def metadata_pairs(entries: Sequence[str]) -> list[tuple[str, str]]:
    """`key:value` entries, split at the first colon.

    Raises:
        ValueError: an entry without a colon or with an empty key.
    """
    pairs = []
    for entry in entries:
        key, colon, value = entry.partition(":")
        if not colon or not key:
            raise ValueError(f"{entry!r} must have the form key:value")
        pairs.append((key, value))
    return pairs


def _checked_pairs(entries: list[str]) -> list[str]:
    metadata_pairs(entries)
    return entries


MetadataEntries = Annotated[list[str], AfterValidator(_checked_pairs)]
