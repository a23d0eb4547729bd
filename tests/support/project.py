"""A reader's project: files in a folder, a worker process, and snippets that are run as they are printed.

Used for the migration guide's snippets and for the code blocks of the documentation.
"""

import ast
import importlib
import inspect
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any
from unittest.mock import patch

from image_pipeline.processes import Address, Process

from hatchet_sdk import ClientConfig, Hatchet
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]
STARTED_S = 30.0


class Project:
    """A folder with modules that import each other, as in an application."""

    def __init__(self, folder: Path, address: Address, settings: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.settings = {**address.environment, **(settings or {})}
        self._workers: list[Process] = []
        self._client = Hatchet(config=ClientConfig(token=address.token))

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            (self.folder / name).write_text(text)

    def load(self, module: str) -> ModuleType:
        with patch.dict(os.environ, self.settings):
            return importlib.import_module(module)

    def process(self, *arguments: str, environment: dict[str, str] | None = None) -> Process:
        """`python ARGUMENTS` in the project's folder, not yet started."""
        settings = {"PYTHONPATH": str(ROOT), **(self.settings if environment is None else environment)}
        name = f"{Path(arguments[0]).stem}-{len(self._workers)}"
        process = Process(name, [sys.executable, *arguments], settings, logs=self.folder, folder=self.folder)
        self._workers.append(process)
        return process

    def start_worker(self, script: str) -> Process:
        """Run a worker script until the project is closed. Returns when the engine knows the worker and its tasks."""
        return self.start(self.process(script))

    def start(self, worker: Process) -> Process:
        """Start a process that is, or starts, a worker, and wait for the worker. The project stops it at its end."""
        known = self._worker_ids()
        if worker not in self._workers:
            self._workers.append(worker)
        worker.start()

        def is_there() -> bool:
            assert worker.status is None, worker.last_words()
            return self._worker_ids() > known

        eventually(is_there, within_s=STARTED_S)
        return worker

    def register(self, script: str) -> None:
        """Let the engine know the tasks of a worker script, and leave it without that worker."""
        self.start_worker(script).stop()

    def _worker_ids(self) -> set[str]:
        return {worker.metadata.id for worker in self._client.workers.list().rows or []}

    def close(self) -> None:
        for worker in self._workers:
            worker.stop()

    @contextmanager
    def importable(self) -> Iterator[None]:
        """Import the project's modules by their names inside this block, and forget them after it."""
        sys.path.insert(0, str(self.folder))
        importlib.invalidate_caches()
        try:
            yield
        finally:
            sys.path.remove(str(self.folder))
            for name, module in list(sys.modules.items()):
                if (getattr(module, "__file__", None) or "").startswith(f"{self.folder}/"):
                    del sys.modules[name]


async def run(text: str, names: dict[str, Any], filename: str) -> dict[str, Any]:
    """Run a snippet as printed, `await` outside functions included. Returns `names` with what it defined."""
    code: CodeType = compile(text, filename, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    if code.co_flags & inspect.CO_COROUTINE:
        await eval(code, names)
    else:
        exec(code, names)
    return names
