"""The SDK's own logger. Nothing that it logs is forwarded to the engine as a log line of a task."""

import logging

logger = logging.getLogger("hatchet")
