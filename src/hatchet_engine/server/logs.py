"""The server's log: stderr, one record a line, text or JSON."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Literal, TextIO

_RESERVED = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class TextFormatter(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")


class JsonFormatter(logging.Formatter):
    """Fields given with `extra=` become fields of the line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update({key: value for key, value in vars(record).items() if key not in _RESERVED})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure_logs(level: str, style: Literal["text", "json"], stream: TextIO | None = None) -> None:
    """Send every logger's records to `stream` (stderr); stdout stays free for what a program reads.

    Args:
        level: debug, info, warning or error.
        style: text, or JSON lines.
        stream: where to write, stderr if not given.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # These say at INFO what nobody asked for.
    for noisy in ("alembic", "uvicorn", "sqlalchemy"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
