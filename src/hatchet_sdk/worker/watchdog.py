"""Notices when the user's event loop is blocked, and by what."""

import asyncio
import sys
import traceback

from hatchet_sdk.logger import logger
from hatchet_sdk.transport.mailbox import Mailbox

PROBE_EVERY_S = 0.5
BLOCKED_AFTER_S = 1.0
_FRAMES = 12
"""Innermost frames that are shown."""


class Watchdog:
    """Probes a loop from the transport's loop. Each block is logged once, with the stack of the code that blocks.

    Args:
        loop: the user's loop.
        thread_ident: of the thread that runs it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, thread_ident: int) -> None:
        self._mailbox = Mailbox(loop)
        self._thread_ident = thread_ident
        self._sent_at = 0.0
        self._answered = True
        self._lag_s = 0.0
        self.blocked_frame = ""
        """Stack of the code that blocks the loop right now; else empty."""

    def lag_s(self, now: float) -> float:
        """How late the loop answered its last probe, or how long it has not answered the present one."""
        return self._lag_s if self._answered else max(self._lag_s, now - self._sent_at)

    def tick(self, now: float) -> None:
        """To be called every `PROBE_EVERY_S` seconds on the transport's loop; `now` is that loop's time."""
        if self._answered:
            if self.blocked_frame:
                logger.warning("the event loop runs again, after %.1f s", self._lag_s)
                self.blocked_frame = ""
            self._sent_at = now
            self._answered = False
            self._mailbox.post(self._answer, asyncio.get_running_loop())
        elif now - self._sent_at > BLOCKED_AFTER_S and not self.blocked_frame:
            self.blocked_frame = self._stack()
            logger.warning(
                "the event loop has been blocked for more than %.0f s; all async tasks of this worker wait. "
                "Move blocking calls to a sync task or to asyncio.to_thread. It is here:\n%s",
                BLOCKED_AFTER_S,
                self.blocked_frame,
            )

    def _answer(self, transport: asyncio.AbstractEventLoop) -> None:
        self._lag_s = max(0.0, transport.time() - self._sent_at)
        self._answered = True

    def _stack(self) -> str:
        frame = sys._current_frames().get(self._thread_ident)
        if frame is None:
            return "(the thread of the event loop has ended)"
        return "".join(traceback.format_stack(frame)[-_FRAMES:])
