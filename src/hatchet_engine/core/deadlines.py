"""One deadline per key, with cheap setting and clearing: most deadlines are cleared long before they are due.

Near deadlines lie in buckets of 20 ms, far ones in buckets of a second that are moved over in time. A deadline fires
at most one bucket late and never early.
"""

import heapq

_NEAR_RESOLUTION = 20_000
_FAR_RESOLUTION = 1_000_000
_NEAR_HORIZON = 60_000_000


class _Wheel:
    """Buckets of keys, ordered by time. Empty buckets are dropped when their time has passed."""

    __slots__ = ("buckets", "heap", "resolution")

    def __init__(self, resolution: int) -> None:
        self.resolution = resolution
        self.buckets: dict[int, dict[str, int]] = {}
        self.heap: list[int] = []

    def add(self, key: str, at: int) -> None:
        number = -(-at // self.resolution)
        bucket = self.buckets.get(number)
        if bucket is None:
            bucket = self.buckets[number] = {}
            heapq.heappush(self.heap, number)
        bucket[key] = at

    def remove(self, key: str, at: int) -> bool:
        bucket = self.buckets.get(-(-at // self.resolution))
        return bucket is not None and bucket.pop(key, None) is not None

    def take(self, until: int) -> dict[str, int]:
        """Remove and return what lies in buckets that end at or before `until`."""
        taken: dict[str, int] = {}
        while self.heap and self.heap[0] * self.resolution <= until:
            taken.update(self.buckets.pop(heapq.heappop(self.heap)))
        return taken

    def next(self) -> int | None:
        """The end of the first bucket that holds something. Drops empty buckets before it."""
        while self.heap:
            if self.buckets[self.heap[0]]:
                return self.heap[0] * self.resolution
            del self.buckets[heapq.heappop(self.heap)]
        return None


class Deadlines:
    """Deadlines by key; times in microseconds."""

    __slots__ = ("_far", "_near")

    def __init__(self) -> None:
        self._near = _Wheel(_NEAR_RESOLUTION)
        self._far = _Wheel(_FAR_RESOLUTION)

    def add(self, key: str, at: int, now: int) -> None:
        """Set the deadline of a key that has none."""
        (self._near if at - now <= _NEAR_HORIZON else self._far).add(key, at)

    def remove(self, key: str, at: int) -> None:
        """Clear the deadline that was added with this time; nothing happens if there is none."""
        if not self._near.remove(key, at):
            self._far.remove(key, at)

    def due(self, now: int) -> list[str]:
        """Take the keys whose deadline has passed."""
        for key, at in self._far.take(now + 2 * _FAR_RESOLUTION).items():
            self._near.add(key, at)
        return list(self._near.take(now))

    def next(self) -> int | None:
        """When `due` should be called next, or None."""
        near, far = self._near.next(), self._far.next()
        if far is not None:
            far -= 2 * _FAR_RESOLUTION
        if near is None or far is None:
            return far if near is None else near
        return min(near, far)

    def contains(self, key: str, at: int) -> bool:
        """Whether this very deadline is set (for the invariant checker)."""
        return any(key in wheel.buckets.get(-(-at // wheel.resolution), {}) for wheel in (self._near, self._far))
