"""Which files count as code, and that a change of one is seen."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path, PurePosixPath

import pytest

from hatchet_cli.dev.watch import CodeWatcher, FilePatterns

SEEN_WITHIN_S = 5.0


@pytest.mark.parametrize(
    ("patterns", "path", "expected"),
    [
        (["**/*.py"], "worker.py", True),
        (["**/*.py"], "app/tasks/mail.py", True),
        (["**/*.py"], "app/readme.md", False),
        (["*.py"], "app/mail.py", False),
        (["app/**"], "app/a/b.txt", True),
        (["./app/*.py"], "app/a.py", True),
        (["**/*.py", "!tests/**"], "tests/test_a.py", False),
        (["!tests/**", "**/*.py"], "tests/test_a.py", True),
        (["**/*.py"], ".venv/lib/x.py", False),
        (["**/*.py"], "app/__pycache__/x.py", False),
        (["config.?ml"], "config.yml", True),
        (["a+b.py"], "a+b.py", True),
        ([".env"], ".env", True),
    ],
)
def test_patterns(patterns: list[str], path: str, expected: bool) -> None:
    assert FilePatterns(patterns).match(PurePosixPath(path)) is expected


class Watching:
    """A watcher that runs, and writes until it sees something: it tells nobody when it has begun to watch."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self.changes: AsyncIterator[set[Path]] = CodeWatcher(directory, FilePatterns(["**/*.py"])).changes()

    async def started(self) -> None:
        pending = asyncio.ensure_future(anext(self.changes))
        while not pending.done():
            (self.directory / "first.py").write_text("1")
            await asyncio.wait({pending}, timeout=0.2)
        assert pending.result() == {self.directory / "first.py"}

    async def sees(self, *names: str) -> None:
        wanted, seen = {self.directory / name for name in names}, set[Path]()
        async with asyncio.timeout(SEEN_WITHIN_S):
            while not wanted <= seen:
                seen |= await anext(self.changes)
        assert seen - {self.directory / "first.py"} <= wanted


@pytest.fixture
async def watching(tmp_path: Path) -> AsyncIterator[Watching]:
    (tmp_path / "app").mkdir()
    (tmp_path / ".hatchet").mkdir()
    watching = Watching(tmp_path)
    await watching.started()
    yield watching
    await watching.changes.aclose()  # type: ignore[attr-defined]


async def test_a_written_file_is_seen(watching: Watching) -> None:
    (watching.directory / "worker.py").write_text("x = 1")
    await watching.sees("worker.py")


async def test_a_file_below_is_seen_and_others_are_not(watching: Watching) -> None:
    (watching.directory / "app" / "notes.txt").write_text("x")
    (watching.directory / ".hatchet" / "hook.py").write_text("x")
    (watching.directory / "app" / "mail.py").write_text("x = 1")
    await watching.sees("app/mail.py")


async def test_a_file_that_an_editor_replaces_is_seen(watching: Watching) -> None:
    draft = watching.directory / "app" / "mail.py~"
    draft.write_text("x = 2")
    draft.replace(watching.directory / "app" / "mail.py")
    await watching.sees("app/mail.py")


async def test_a_directory_that_appears_is_watched(watching: Watching) -> None:
    (watching.directory / "later").mkdir()
    (watching.directory / "later" / "a.py").write_text("1")
    await watching.sees("later/a.py")
    (watching.directory / "later" / "b.py").write_text("1")
    await watching.sees("later/b.py")


async def test_a_deleted_file_is_seen(watching: Watching) -> None:
    (watching.directory / "app" / "mail.py").write_text("x = 1")
    await watching.sees("app/mail.py")
    (watching.directory / "app" / "mail.py").unlink()
    await watching.sees("app/mail.py")
