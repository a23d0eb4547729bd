"""Worker labels of both protocols."""

from collections.abc import Mapping

from hatchet_engine.core.errors import InvalidArgument
from hatchet_engine.core.model import Label
from hatchet_engine.transports.payloads import check_text
from hatchet_wire.published.dispatcher_pb2 import WorkerLabels
from hatchet_wire.session.session_pb2 import Label as SessionLabel


def from_published(labels: Mapping[str, WorkerLabels]) -> dict[str, Label]:
    """Text or integer by key.

    Raises:
        InvalidArgument: a label has no value, or a text that cannot be stored.
    """
    return {
        check_text(key, "label"): label.int_value if label.HasField("int_value") else _text(key, label.str_value)
        for key, label in labels.items()
        if label.HasField("int_value") or label.HasField("str_value") or _refuse(key)
    }


def from_session(labels: Mapping[str, SessionLabel]) -> dict[str, Label]:
    """Text or integer by key.

    Raises:
        InvalidArgument: a label has no value, or a text that cannot be stored.
    """
    return {
        check_text(key, "label"): label.number if label.HasField("number") else _text(key, label.text)
        for key, label in labels.items()
        if label.WhichOneof("value") is not None or _refuse(key)
    }


def _text(key: str, value: str) -> str:
    return check_text(value, f"label {key[:80]!r}")


def _refuse(key: str) -> bool:
    raise InvalidArgument(f"Invalid request: label {key[:80]!r} has no value")
