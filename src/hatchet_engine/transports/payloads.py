"""What may enter the engine. Both transports check here, so that nothing behind the edge looks into a payload.

A text that passes can be stored by every database, sent in one message of every client, and parsed by every SDK.
"""

import re
from itertools import accumulate

from pydantic_core import from_json

from hatchet_engine.core.definition import PRIORITIES
from hatchet_engine.core.errors import InvalidArgument

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
"""What a client receives at most in one message."""
MAX_PAYLOAD_BYTES = MAX_MESSAGE_BYTES - 64 * 1024
"""Input and metadata of a run together, or one output: leaves room for what is sent along with them."""
MAX_NESTING = 64
MAX_LOG_CHARS = 10_000
LOG_LEVELS = frozenset({"DEBUG", "INFO", "WARN", "ERROR"})

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_TEXTS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BRACKETS = {code: {"{": "{", "[": "{", "}": "}", "]": "}"}.get(chr(code)) for code in range(128)}
"""For `str.translate`: one kind of bracket, nothing else. Outside of texts JSON is ASCII."""
_STEP = {"{": 1, "}": -1}
_PEELED_LEVELS = 8


def utf8_length(text: str) -> int:
    """Bytes of `text` on the wire."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def json_problem(text: str, *, must_be_object: bool = False) -> str | None:
    """Why `text` is refused as JSON, as the end of a sentence; None if it is good."""
    if len(text) > MAX_PAYLOAD_BYTES or (not text.isascii() and utf8_length(text) > MAX_PAYLOAD_BYTES):
        return f"is {utf8_length(text)} bytes long; at most {MAX_PAYLOAD_BYTES} are allowed"
    try:
        value = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        return f"is not valid JSON: {error}"
    if must_be_object and type(value) is not dict:
        return "must be a JSON object"
    if "\\u0000" in text and _ESCAPED_NUL.search(text):
        return "contains the character U+0000"
    if text.count("{") + text.count("[") > MAX_NESTING and _nesting(text) > MAX_NESTING:
        return f"is nested deeper than {MAX_NESTING} levels"
    return None


def _nesting(text: str) -> int:
    brackets = _TEXTS.sub("", text).translate(_BRACKETS)
    levels = 0
    # Taking away the innermost pairs takes one level away, at the speed of C. Few texts are left with anything then.
    while brackets and levels < _PEELED_LEVELS:
        brackets = brackets.replace("{}", "")
        levels += 1
    return levels + max(accumulate(map(_STEP.__getitem__, brackets)), default=0)


def check_object(text: str, what: str) -> None:
    """Accept a JSON object or nothing.

    Raises:
        InvalidArgument: naming `what` and the reason.
    """
    if not text or text == "{}":
        return
    problem = json_problem(text, must_be_object=True)
    if problem is not None:
        raise InvalidArgument(f"Invalid request: {what} {problem}")


def check_run_payloads(input_: str, additional_metadata: str) -> None:
    """Accept what a run is created with.

    Raises:
        InvalidArgument: one of them is not a JSON object, or both together are too long.
    """
    check_object(input_, "input")
    check_object(additional_metadata, "additional_metadata")
    if len(input_) + len(additional_metadata) > MAX_PAYLOAD_BYTES // 4:
        together = utf8_length(input_) + utf8_length(additional_metadata)
        if together > MAX_PAYLOAD_BYTES:
            raise InvalidArgument(
                f"Invalid request: input and additional_metadata are {together} bytes long together; "
                f"at most {MAX_PAYLOAD_BYTES} are allowed"
            )


def output_problem(text: str) -> str | None:
    """Why the output of a task cannot be kept, as the error text of its attempt; None if it can."""
    if not text or text == "{}":
        return None
    problem = json_problem(text)
    return None if problem is None else f"the task's output {problem}"


def clean_text(text: str) -> str:
    """Free text (an error, a log line) without what databases and protobuf refuse: U+0000 and lone surrogates."""
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def error_text(text: str) -> str:
    """The error of an attempt: opaque, returned as it came, unless no client could receive it."""
    text = clean_text(text)
    if utf8_length(text) > MAX_PAYLOAD_BYTES:
        text = text.encode()[:MAX_PAYLOAD_BYTES].decode("utf-8", "ignore")
    return text


def check_text(text: str, what: str, max_chars: int = 1_000) -> str:
    """Accept a name or a label.

    Raises:
        InvalidArgument: it is too long or has a character that cannot be stored.
    """
    if len(text) > max_chars:
        raise InvalidArgument(f"Invalid request: {what} is longer than {max_chars} characters")
    if clean_text(text) != text:
        raise InvalidArgument(f"Invalid request: {what} contains the character U+0000 or a lone surrogate")
    return text


def parse_uuid(text: str, what: str) -> str:
    """`text` in lower case, as ids are compared and stored.

    Raises:
        InvalidArgument: it is not a UUID of the form 8-4-4-4-12.
    """
    if _UUID.fullmatch(text):
        return text
    lowered = text.lower()
    if _UUID.fullmatch(lowered):
        return lowered
    raise InvalidArgument(f"Invalid request: {what} {text[:80]!r} is not a UUID")


def is_uuid(text: str) -> bool:
    """Whether `text` is an id as the engine makes and stores them."""
    return _UUID.fullmatch(text) is not None


def check_priority(priority: int) -> int:
    """Accept 1, 2 or 3.

    Raises:
        InvalidArgument: it is another number.
    """
    if priority not in PRIORITIES:
        raise InvalidArgument(f"Invalid request: priority must be 1, 2 or 3, not {priority}")
    return priority


def check_log_level(level: str) -> str:
    """Accept a level of the wire; none is INFO.

    Raises:
        InvalidArgument: it is another word.
    """
    if level and level not in LOG_LEVELS:
        raise InvalidArgument(f"Invalid request: level must be one of {', '.join(sorted(LOG_LEVELS))}")
    return level or "INFO"


def decode_utf8(data: bytes, what: str) -> str:
    """Text of a `bytes` field.

    Raises:
        InvalidArgument: it is not UTF-8.
    """
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InvalidArgument(f"Invalid request: {what} is not UTF-8 ({error.reason} at byte {error.start})") from error
