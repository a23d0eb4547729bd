"""The demo: `make demo`, `make demo CRASH=1`, `make demo FOLDER=~/Pictures`.

Starts an engine and a worker as processes of their own, triggers a run for each photograph and filter, shows the
progress, and checks at the end that every run was completed exactly once. With `--crash` it kills both processes with
kill -9 when a third of the results are in, and starts them again on the same data.
"""

import argparse
import asyncio
import logging
import os
import shutil
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from image_pipeline import journal, photographs, processes, report
from image_pipeline.jobs import DESCRIBE, OPERATIONS, Job, plan
from image_pipeline.progress import ProgressDisplay

if TYPE_CHECKING:
    from image_pipeline.driver import Arrival, Reference

MARKER = ".image-pipeline"
BODIES_S = 2.0
LOOK_S = 0.002


@dataclass(frozen=True, slots=True)
class Place:
    """The folder that the demo writes to, and what is where in it."""

    root: Path

    @property
    def pictures(self) -> Path:
        return self.root / "pictures"

    @property
    def page(self) -> Path:
        return self.root / "index.html"

    @property
    def data(self) -> Path:
        return self.root / "engine"

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def journal(self) -> Path:
        return self.root / "journal.txt"

    def prepare(self) -> None:
        """Empty what an earlier demo left here; refuse a folder that holds anything else."""
        if self.root.exists() and any(self.root.iterdir()) and not (self.root / MARKER).exists():
            raise SystemExit(f"{self.root} is not empty and not from an earlier demo; name another with --output")
        for folder in (self.pictures, self.data, self.home, self.logs):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        self.journal.unlink(missing_ok=True)
        (self.root / MARKER).touch()


@dataclass(slots=True)
class CrashTest:
    """Kills the engine and the worker once, when a third of the results are in."""

    place: Place
    engine: processes.Engine
    worker: processes.Process
    at_result: int
    struck: bool = False
    killed_at: float = 0.0
    back_at: float = 0.0
    done_before: int = 0
    interrupted: frozenset[str] = frozenset()

    def is_due(self, done: int) -> bool:
        """True once, when enough results are in."""
        due = not self.struck and done >= self.at_result
        self.struck = self.struck or due
        return due

    async def strike(self, display: ProgressDisplay) -> None:
        await asyncio.to_thread(self._until_bodies_run)
        self.worker.kill()
        self.engine.kill()
        self.killed_at, self.done_before = time.monotonic(), display.done
        self.interrupted = journal.read(self.place.journal).open_runs
        display.say(f"[red]kill -9[/red] of engine and worker after {display.done} results")
        await asyncio.to_thread(self.engine.start)
        self.back_at = time.monotonic()
        self.worker.start()
        display.say(f"engine is back on the same data after {self.back_at - self.killed_at:.1f} s")

    def _until_bodies_run(self) -> None:
        """A result comes in just when the next bodies are about to begin; the kill is to hit them while they run."""
        deadline = time.monotonic() + BODIES_S
        while not journal.read(self.place.journal).open_runs and time.monotonic() < deadline:
            time.sleep(LOOK_S)

    def told(self, came_in: "list[Arrival]") -> report.Crash:
        after = [arrival.at for arrival in came_in if arrival.at > self.back_at]
        late = [arrival.at for arrival in came_in if arrival.run_id in self.interrupted]
        return report.Crash(
            done_before=self.done_before,
            running_then=len(self.interrupted),
            engine_back_s=self.back_at - self.killed_at,
            first_result_s=min(after) - self.killed_at,
            interrupted_done_s=max([*late, min(after)]) - self.killed_at,
        )


@dataclass(slots=True)
class Demo:
    console: Console
    place: Place
    jobs: list[Job]
    engine: processes.Engine
    metadata: dict[str, str] = field(default_factory=lambda: {"demo": "image-pipeline"})

    async def run(self, crash: bool) -> bool:
        """Do it all; whether every run was completed exactly once."""
        address = self.engine.start()
        os.environ.update(address.environment)  # the client of image_pipeline.pipeline reads it when it is imported
        worker = processes.worker(address, self.place.journal, self.place.logs)
        worker.start()
        self.console.print(f"engine at {address.grpc} (gRPC) and {address.rest} (REST), worker {worker.pid}")
        try:
            await self._until_registered(worker)
            crash_test = CrashTest(self.place, self.engine, worker, len(self.jobs) // 3) if crash else None
            return await self._work(crash_test)
        finally:
            worker.stop()

    async def _until_registered(self, worker: processes.Process) -> None:
        from image_pipeline import driver

        deadline = time.monotonic() + processes.START_S
        while not await driver.are_registered():
            if worker.status is not None or time.monotonic() > deadline:
                raise processes.NotStarted(f"the worker did not register its tasks\n{worker.last_words()}")
            await asyncio.sleep(processes.POLL_S)

    async def _work(self, crash_test: CrashTest | None) -> bool:
        from image_pipeline import driver, gallery

        begin = time.monotonic()
        runs = await driver.trigger(self.jobs, self.metadata)
        came_in = await self._take_in(runs, crash_test)
        elapsed_s = time.monotonic() - begin
        records = await driver.history(runs)
        gallery.write(self.place.page, self.jobs, driver.descriptions(came_in))
        self.console.print()
        self.console.print(report.runs_table(records))
        self.console.print(report.rate(len(records), elapsed_s), soft_wrap=True)
        if crash_test is not None:
            report.tell_crash(self.console, crash_test.told(came_in))
        known = await driver.known_runs(self.metadata)
        found = report.problems(records, len(self.jobs), known, self._missing())
        report.tell_books(self.console, records, journal.read(self.place.journal), found)
        return not found

    async def _take_in(self, runs: "list[tuple[Job, Reference]]", crash_test: CrashTest | None) -> "list[Arrival]":
        from image_pipeline import driver

        came_in = []
        strikes = []
        with ProgressDisplay(self.console, len(runs)) as display:
            async for arrival in driver.arrivals(runs):
                came_in.append(arrival)
                display.advance()
                if arrival.error is not None:
                    display.say(f"[red]{arrival.job.photograph.name}, {arrival.job.operation}[/red]: {arrival.error}")
                if crash_test is not None and crash_test.is_due(display.done):
                    strikes.append(asyncio.create_task(crash_test.strike(display)))
            for strike in strikes:
                await strike
        return came_in

    def _missing(self) -> list[str]:
        return [str(job.target) for job in self.jobs if job.operation != DESCRIBE and not job.target.is_file()]


def tell_where(console: Console, place: Place) -> None:
    console.print("\n[bold]Look at it[/bold]")
    console.print(f"  pictures   {place.page}", soft_wrap=True)
    console.print(f"  logs       {place.logs}", soft_wrap=True)
    console.print("  the runs   start the engine on the same data, then ask it:")
    for command in (
        f"export HATCHET_HOME={place.home} PATH={processes.HATCHET.parent}:$PATH",
        f"hatchet server start --data-dir {place.data} &",
        "hatchet runs list --limit 20",
        "hatchet runs get ID; hatchet runs events ID; hatchet runs logs ID",
        "kill %1",
    ):
        console.print(f"             {command}", soft_wrap=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run the image pipeline on photographs.")
    parser.add_argument("--folder", type=Path, help="your photographs; default: those that scikit-image ships")
    parser.add_argument("--output", type=Path, default=Path("demo-output"), help="where everything is written")
    parser.add_argument("--crash", action="store_true", help="kill -9 engine and worker in the middle")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    console = Console(highlight=False)
    place = Place(options.output.resolve())
    try:
        found = photographs.find(options.folder and options.folder.expanduser())
    except photographs.NoPhotographs as problem:
        console.print(str(problem), style="red", markup=False, soft_wrap=True)
        return 2
    place.prepare()
    logging.basicConfig(filename=place.logs / "client.log")  # the SDK tells there of connections that it lost
    jobs = plan(found, place.pictures)
    console.print(f"[bold]{len(found)} photographs x {len(OPERATIONS)} operations = {len(jobs)} runs[/bold]")
    engine = processes.Engine(place.data, place.home, place.logs)
    try:
        good = asyncio.run(Demo(console, place, jobs, engine).run(options.crash))
    except processes.NotStarted as problem:
        console.print(str(problem), style="red", markup=False, soft_wrap=True)
        return 1
    finally:
        engine.stop()
    tell_where(console, place)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
