"""The documentation's code does what the pages say: it is run as it stands, against a real engine and real workers."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from image_pipeline.processes import Address

from tests.support.project import ROOT, Project, run

PAGES = ("README.md", *(f"docs/{name}.md" for name in ("quickstart", "tasks", "workers", "retries", "timeouts")))
FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One Python block of a page."""

    text: str
    line: int

    @property
    def file(self) -> str | None:
        """The name of the reader's file that this block is, if it is one."""
        named = re.match(r"# (\w+\.py)\n", self.text)
        return named[1] if named else None

    @property
    def printed(self) -> list[str]:
        """What the block says that it prints."""
        return [line.removeprefix("#> ") for line in self.text.splitlines() if line.startswith("#> ")]


def blocks(page: str) -> list[Block]:
    text = (ROOT / page).read_text()
    return [Block(match[1], text.count("\n", 0, match.start()) + 2) for match in FENCE.finditer(text)]


@pytest.fixture
def project(engine: Address, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Project]:
    """A project of its own for each page, in a namespace of its own."""
    namespace = Path(request.getfixturevalue("page")).stem.lower()
    made = Project(tmp_path, engine, {"HATCHET_CLIENT_NAMESPACE": namespace})
    with made.importable():
        yield made
    made.close()


def write_files(project: Project, page: str) -> None:
    """The page's files, and a worker for each of them that starts one."""
    files = {block.file: block.text for block in blocks(page) if block.file}
    if page == "README.md":
        files["tasks.py"] = blocks(page)[0].text
    project.write(files)
    for name, text in files.items():
        if ".start()" in text:
            project.start_worker(name)


@pytest.mark.parametrize("page", PAGES[1:])
async def test_the_blocks_of_a_page(page: str, project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(project, page)
    names: dict[str, Any] = {"__name__": "page"}
    for block in blocks(page):
        if block.file is None:
            with patch.dict(os.environ, project.settings):
                await run(block.text, names, f"{page}:{block.line}")
            printed = capsys.readouterr().out.splitlines()
            assert printed == block.printed, f"{page}, line {block.line}"


@pytest.mark.parametrize("page", ["README.md"])
async def test_the_ten_lines_of_the_readme(page: str, project: Project) -> None:
    write_files(project, page)
    tasks = project.load("tasks")

    assert await tasks.greet.aio_run(tasks.Greeting(name="Ada")) == {"text": "Hello, Ada"}


@pytest.mark.parametrize("page", PAGES)
def test_every_python_block_is_run(page: str) -> None:
    text = (ROOT / page).read_text()

    assert len(blocks(page)) == text.count("```python") > 0


def test_links_between_the_pages_lead_somewhere() -> None:
    pages = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    pages += [*(ROOT / "docs").glob("*.md"), *(ROOT / "examples").rglob("*.md")]
    lost = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
        if not target.startswith("http") and not (page.parent / target).exists()
    ]

    assert lost == []
