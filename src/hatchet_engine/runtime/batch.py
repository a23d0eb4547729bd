"""The batch that is being filled while the last one is being committed."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from hatchet_engine.core.changes import Changes
from hatchet_engine.runtime.records import LogRecord

Reply = tuple[asyncio.Future[Any], Any]


@dataclass(slots=True)
class Batch:
    """Changes by tenant, the replies that wait for the commit, and log lines, which need no rules."""

    changes: dict[str, Changes] = field(default_factory=dict)
    replies: list[Reply] = field(default_factory=list)
    logs: dict[str, list[LogRecord]] = field(default_factory=dict)

    def of(self, tenant_id: str) -> Changes:
        changes = self.changes.get(tenant_id)
        if changes is None:
            changes = self.changes[tenant_id] = Changes()
        return changes

    def __bool__(self) -> bool:
        return bool(self.changes or self.replies or self.logs)

    def fail(self, error: Exception) -> None:
        """Nobody was told anything yet: tell them that it did not happen."""
        for future, _ in self.replies:
            if not future.done():
                future.set_exception(error)
        self.replies.clear()
