"""Which files belong to the code of the worker, and when they change."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path, PurePosixPath

SKIPPED_DIRECTORIES = frozenset({"__pycache__", "node_modules", "site-packages", "venv"})
"""Besides those with a leading dot: `.git`, `.venv`, and the `.hatchet` that an engine writes to all the time."""

SETTLE_MS = 100
"""Changes that come this close together are one."""

QUIET_MS = 20


class FilePatterns:
    """Globs relative to a directory: `**` crosses directories, `!` leaves files out, the last that fits decides.

    Args:
        patterns: e.g. `["**/*.py", "!tests/**"]`.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._rules = [(not pattern.startswith("!"), _expression(pattern.removeprefix("!"))) for pattern in patterns]

    def match(self, relative: PurePosixPath) -> bool:
        """Whether a file, named relative to the directory, belongs to the code."""
        if any(is_skipped(part) for part in relative.parts[:-1]):
            return False
        wanted = False
        for includes, expression in self._rules:
            if expression.fullmatch(str(relative)):
                wanted = includes
        return wanted


def is_skipped(directory_name: str) -> bool:
    return directory_name.startswith(".") or directory_name in SKIPPED_DIRECTORIES


def _expression(pattern: str) -> re.Pattern[str]:
    translated, position = "", 0
    pattern = pattern.removeprefix("./")
    while position < len(pattern):
        if pattern.startswith("**/", position):
            translated, position = translated + "(?:.*/)?", position + 3
        elif pattern.startswith("**", position):
            translated, position = translated + ".*", position + 2
        else:
            character = pattern[position]
            translated += {"*": "[^/]*", "?": "[^/]"}.get(character, re.escape(character))
            position += 1
    return re.compile(translated)


class CodeWatcher:
    """Yields the files that changed, a set at a time.

    Directories that hold no code are not watched at all: a virtual environment has thousands, and a database in
    `.hatchet` is written to a thousand times a second.
    """

    def __init__(self, directory: Path, patterns: FilePatterns) -> None:
        self._directory = directory.resolve()
        self._patterns = patterns
        self._found: asyncio.Queue[set[Path]] = asyncio.Queue()

    async def changes(self) -> AsyncIterator[set[Path]]:
        """Runs until it is cancelled."""
        top = asyncio.create_task(self._watch_top())
        try:
            while True:
                getter = asyncio.create_task(self._found.get())
                await asyncio.wait({getter, top}, return_when=asyncio.FIRST_COMPLETED)
                if not getter.done():
                    getter.cancel()
                    top.result()  # it ended by an error: raise it here
                    return
                yield getter.result()
        finally:
            top.cancel()

    async def _watch_top(self) -> None:
        """The directory itself; a directory that appears in it is watched from then on."""
        async with asyncio.TaskGroup() as group:
            watched = self._code_directories()
            below = group.create_task(self._watch_below(watched))
            async for changed in _awatch(self._directory, recursive=False):
                self._offer(changed)
                if self._code_directories() != watched:
                    below.cancel()
                    appeared = self._code_directories() - watched
                    watched = self._code_directories()
                    below = group.create_task(self._watch_below(watched))
                    self._offer({path for place in appeared for path in place.rglob("*") if path.is_file()})

    async def _watch_below(self, directories: set[Path]) -> None:
        if directories:
            async for changed in _awatch(*directories, recursive=True):
                self._offer(changed)

    def _code_directories(self) -> set[Path]:
        return {path for path in self._directory.iterdir() if path.is_dir() and not is_skipped(path.name)}

    def _offer(self, changed: set[Path]) -> None:
        ours = {
            path
            for path in changed
            if self._patterns.match(PurePosixPath(path.relative_to(self._directory).as_posix()))
        }
        if ours:
            self._found.put_nowait(ours)


async def _awatch(*directories: Path, recursive: bool) -> AsyncIterator[set[Path]]:
    from watchfiles import awatch

    batches = awatch(*directories, watch_filter=None, debounce=SETTLE_MS, step=QUIET_MS, recursive=recursive)
    async for batch in batches:
        yield {Path(path) for _, path in batch}
