"""Shows how far the demo is: a bar on a terminal, a line now and then elsewhere (a log file, a CI machine)."""

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

LINES = 8


class ProgressDisplay:
    def __init__(self, console: Console, total: int) -> None:
        self._console, self._total, self._done = console, total, 0
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("runs", total=total)

    def __enter__(self) -> "ProgressDisplay":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    @property
    def done(self) -> int:
        return self._done

    def advance(self) -> None:
        self._done += 1
        self._bar.advance(self._task)
        step = max(self._total // LINES, 1)
        if not self._console.is_terminal and (self._done % step == 0 or self._done == self._total):
            self._console.print(f"  {self._done} of {self._total} runs are done")

    def say(self, sentence: str) -> None:
        """Print above the bar."""
        self._bar.console.print(sentence)
