"""What SIGTERM, SIGINT and SIGQUIT do to a worker."""

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

GRACEFUL = (signal.SIGTERM, signal.SIGINT)
FORCED = tuple(number for number in (getattr(signal, "SIGQUIT", None),) if number is not None)
FORCED_STATUS = 1


class Signals:
    """The first signal stops the worker gracefully, a second one at once, a third one without any cleanup.

    Handlers run between two bytecodes of the main thread, also when a task blocks the event loop. They only hand the
    signal on: logging inside a handler could meet itself.

    Args:
        graceful: called with the signal's name: stop taking work, drain, leave.
        forced: called with the signal's name: leave at once.
        always_forced: the first signal already counts as the second.
    """

    def __init__(self, graceful: Callable[[str], None], forced: Callable[[str], None], always_forced: bool) -> None:
        self._graceful = graceful
        self._forced = forced
        self._seen = 1 if always_forced else 0
        self._before: dict[int, Any] = {}

    def install(self) -> None:
        """Does nothing on other threads than the main one, where Python does not allow it."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in (*GRACEFUL, *FORCED):
            self._before[number] = signal.signal(number, self._on_signal)

    def restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._seen = max(self._seen + 1, 2 if number in FORCED else 1)
        name = signal.Signals(number).name
        if self._seen == 1:
            self._graceful(name)
        elif self._seen == 2:
            self._forced(name)
        else:
            os._exit(FORCED_STATUS)
