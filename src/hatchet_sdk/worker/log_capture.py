"""Records of Python's logging, forwarded to the log of the task that emitted them."""

import logging

from hatchet_sdk.logger import logger as sdk_logger
from hatchet_sdk.runnables.contextvars import ctx_hatchet_context
from hatchet_sdk.utils.typing import LogLevel
from hatchet_sdk.worker.port import WorkerPort


class LogForwardingHandler(logging.Handler):
    """Forwards a record to the task in whose context it was emitted; records of no task, and of the SDK, go nowhere."""

    def __init__(self, port: WorkerPort) -> None:
        super().__init__()
        self._port = port

    def emit(self, record: logging.LogRecord) -> None:
        context = ctx_hatchet_context.get()
        if context is None or record.name.split(".", 1)[0] == sdk_logger.name:
            return
        try:
            message = self.format(record)
            level = LogLevel.from_levelname(record.levelname).value
            self._port.log(context.task_run_id, context.retry_count, level, message)
        except Exception:
            self.handleError(record)


class LogCapture:
    """Attaches a forwarding handler to loggers; each is attached once."""

    def __init__(self, port: WorkerPort) -> None:
        self._port = port
        self._attached: dict[logging.Logger, LogForwardingHandler] = {}

    def attach(self, logger: logging.Logger) -> None:
        """Formatter and filters are those of the logger's first handler that has a formatter."""
        if logger in self._attached:
            return
        handler = LogForwardingHandler(self._port)
        model = next((each for each in logger.handlers if each.formatter is not None), None)
        if model is not None:
            handler.setFormatter(model.formatter)
            for each in model.filters:
                handler.addFilter(each)
        handler.setLevel(logger.level)
        logger.addHandler(handler)
        self._attached[logger] = handler

    def detach(self) -> None:
        for logger, handler in self._attached.items():
            logger.removeHandler(handler)
        self._attached.clear()
