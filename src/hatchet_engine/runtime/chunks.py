"""Stream chunks in index order, per task."""

from dataclasses import dataclass, field

GAP_WAIT_S = 5.0
"""How long a missing chunk holds back its successors."""


@dataclass(slots=True)
class ChunkOrder:
    """Chunks of one attempt. A new attempt starts at index 0 again."""

    retry_count: int = 0
    expected: int = 0
    held: dict[int, str] = field(default_factory=dict)

    def put(self, retry_count: int, index: int | None, text: str) -> list[tuple[int | None, str]]:
        """Take a chunk; what can be released now, in order."""
        if index is None:
            return [(None, text)]
        if retry_count < self.retry_count:
            return []
        released: list[tuple[int | None, str]] = []
        if retry_count > self.retry_count:
            released += self.flush()
            self.retry_count, self.expected = retry_count, 0
        if index >= self.expected:
            self.held[index] = text
        while self.expected in self.held:
            released.append((self.expected, self.held.pop(self.expected)))
            self.expected += 1
        return released

    def flush(self) -> list[tuple[int | None, str]]:
        """Release what is held, gaps or not."""
        released: list[tuple[int | None, str]] = [(index, self.held[index]) for index in sorted(self.held)]
        if released:
            self.expected = max(self.held) + 1
        self.held.clear()
        return released
