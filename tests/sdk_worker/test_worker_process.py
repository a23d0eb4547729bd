"""A worker in a process of its own: signals, and task processes that can be killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from hatchet_sdk.exceptions import TaskRunError
from hatchet_wire.session import session_pb2 as pb
from tests.sdk_worker.fake_engine import FakeEngine, token
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]


class Program:
    """The worker program."""

    def __init__(self, engine: FakeEngine, settings: dict[str, object]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.sdk_worker.programs.worker", *(f"{k}={v}" for k, v in settings.items())],
            cwd=ROOT,
            env={
                **os.environ,
                "TOKEN": token(),
                "ENGINE": f"127.0.0.1:{engine.port}",
                "PROGRAM": "breaks" if "breaks" in settings else "",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        eventually(lambda: engine.workers or self.process.poll() is not None, within_s=20)

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def enter(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def end(self, within_s: float = 15) -> tuple[int, str, str]:
        """Exit status, and the rest of both outputs."""
        output, errors = self.process.communicate(timeout=within_s)
        return self.process.returncode, output, errors

    def children(self) -> set[int]:
        """Task processes (not the tracker of multiprocessing)."""
        mine = psutil.Process(self.process.pid).children()
        return {child.pid for child in mine if "spawn_main" in " ".join(child.cmdline())}


StartProgram = Callable[..., Program]


@pytest.fixture
def program(engine: FakeEngine) -> Iterator[StartProgram]:
    started: list[Program] = []

    def start(**settings: object) -> Program:
        started.append(Program(engine, settings))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.communicate()


def ended(engine: FakeEngine, run_id: str) -> "dict[str, object]":
    eventually(lambda: engine.runs[run_id].status, within_s=20)
    run = engine.runs[run_id]
    assert run.status == pb.RunResult.COMPLETED, run.error
    output: dict[str, object] = json.loads(run.output or "{}")
    return output


def error_of(engine: FakeEngine, run_id: str) -> TaskRunError:
    eventually(lambda: engine.runs[run_id].status, within_s=20)
    assert engine.runs[run_id].status == pb.RunResult.FAILED
    return TaskRunError.deserialize(engine.runs[run_id].error or "")


class TestSignals:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_the_first_finishes_what_runs(self, engine: FakeEngine, program: StartProgram, number: int) -> None:
        worker = program(lifespan=1)
        run_id = engine.add_run("waits:waits")
        assert worker.line() == "waits"
        peer = engine.workers[0]
        worker.signal(number)
        eventually(lambda: peer.paused)
        worker.enter()
        status, output, _ = worker.end()
        assert status == 0
        assert output.splitlines() == [f"clean-up {worker.process.pid}", "start() has returned"]
        assert engine.runs[run_id].output == '{"done":1}' and peer.goodbye

    def test_the_second_ends_at_once(self, engine: FakeEngine, program: StartProgram) -> None:
        worker = program(lifespan=1)
        engine.add_run("waits:waits")
        assert worker.line() == "waits"
        peer = engine.workers[0]
        worker.signal(signal.SIGTERM)
        eventually(lambda: peer.paused)
        worker.signal(signal.SIGTERM)
        status, output, _ = worker.end()
        assert (status, output.splitlines()) == (1, [f"clean-up {worker.process.pid}"])
        assert not peer.goodbye

    def test_quit_ends_at_once(self, engine: FakeEngine, program: StartProgram) -> None:
        worker = program()
        engine.add_run("waits:waits")
        assert worker.line() == "waits"
        worker.signal(signal.SIGQUIT)
        assert worker.end()[0] == 1

    def test_the_first_ends_at_once_if_configured(self, engine: FakeEngine, program: StartProgram) -> None:
        worker = program(force=1)
        engine.add_run("waits:waits")
        assert worker.line() == "waits"
        worker.signal(signal.SIGTERM)
        assert worker.end()[0] == 1

    def test_a_blocked_event_loop_does_not_keep_it_alive(self, engine: FakeEngine, program: StartProgram) -> None:
        worker = program(lifespan=1)
        engine.add_run("blocks:blocks")
        assert worker.line() == "blocks"
        peer = engine.workers[0]
        worker.signal(signal.SIGTERM)
        eventually(lambda: peer.paused)
        worker.signal(signal.SIGTERM)
        assert worker.end()[0] == 1

    def test_task_processes_are_ended_too(self, engine: FakeEngine, program: StartProgram) -> None:
        worker = program(processes=2)
        engine.add_run("hangs:hangs")
        child = int(worker.line().split()[1])
        worker.signal(signal.SIGQUIT)
        assert worker.end()[0] == 1
        eventually(lambda: not psutil.pid_exists(child))

    def test_task_processes_do_not_outlive_a_killed_worker(self, engine: FakeEngine, program: StartProgram) -> None:
        worker = program(processes=2)
        engine.add_run("hangs:hangs")
        child = int(worker.line().split()[1])
        worker.signal(signal.SIGKILL)
        worker.process.wait(10)
        eventually(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)

    def test_a_signal_for_the_whole_group_leaves_task_processes_to_the_worker(
        self, engine: FakeEngine, program: StartProgram
    ) -> None:
        worker = program(processes=1)
        run_id = engine.add_run("polls:polls")
        assert worker.line() == "polls"
        peer = engine.workers[0]
        for child in worker.children():
            os.kill(child, signal.SIGINT)
        worker.signal(signal.SIGINT)
        eventually(lambda: peer.paused)
        engine.cancel(run_id)
        assert worker.line() == "saw the cancellation"
        assert worker.end()[0] == 0


class TestTaskProcesses:
    def test_bodies_run_in_other_processes(self, engine: FakeEngine, program: StartProgram) -> None:
        worker = program(processes=2, lifespan=1)
        run_ids = [engine.add_run("pid:pid", f'{{"n":{n}}}') for n in range(6)]
        outputs = [ended(engine, run_id) for run_id in run_ids]
        assert [output["n"] for output in outputs] == list(range(6))
        pids = {output["pid"] for output in outputs}
        assert 1 <= len(pids) <= 2 and worker.process.pid not in pids
        assert all(output["lifespan"] == output["pid"] for output in outputs)  # each process has its own
        assert {output["worker"] for output in outputs} == {"worker-1"}
        assert sorted(line.message for line in engine.logs) == [f"computing {n}" for n in range(6)]
        assert sorted(chunk.data.decode() for chunk in engine.chunks) == [f"chunk {n}" for n in range(6)]
        assert {chunk.task_id for chunk in engine.chunks} == set(run_ids)
        worker.signal(signal.SIGTERM)
        status, said, _ = worker.end()
        assert status == 0
        assert {int(line.split()[1]) for line in said.splitlines() if line.startswith("clean-up")} == {
            *pids,
            worker.process.pid,
        }

    def test_errors_and_outputs_are_judged_as_elsewhere(self, engine: FakeEngine, program: StartProgram) -> None:
        program(processes=1)
        error = error_of(engine, engine.add_run("fails:fails"))
        assert (error.exc_type, error.exc) == ("ValueError", "in the process") and "raise ValueError" in error.trace
        assert error_of(engine, engine.add_run("big:big")).exc_type == "IllegalTaskOutputError"
        assert error_of(engine, engine.add_run("pid:pid", '{"n":"x"}')).exc_type == "ValidationError"

    @pytest.mark.parametrize(("task", "how"), [("dies", "was killed by signal 9"), ("leaves", "exited with status 7")])
    def test_a_process_that_dies_fails_its_attempt_and_is_replaced(
        self, engine: FakeEngine, program: StartProgram, task: str, how: str
    ) -> None:
        program(processes=1)
        error = error_of(engine, engine.add_run(f"{task}:{task}"))
        assert error.exc_type == "TaskProcessDied" and how in error.exc and task in error.exc
        assert ended(engine, engine.add_run("pid:pid", '{"n":1}'))["n"] == 1

    def test_a_body_that_is_late_is_killed(self, engine: FakeEngine, program: StartProgram) -> None:
        engine.execution_timeout_us = 60_000_000
        worker = program(processes=1)
        first = ended(engine, engine.add_run("pid:pid"))["pid"]
        engine.workers[0].steps.clear()
        engine.execution_timeout_us = 300_000
        run_id = engine.add_run("hangs:hangs")
        assert worker.line() == f"hangs {first}"
        assert error_of(engine, run_id).exc == "Task exceeded timeout of 300ms"
        eventually(lambda: not psutil.pid_exists(int(str(first))))
        engine.execution_timeout_us = 60_000_000
        engine.workers[0].steps.clear()
        assert ended(engine, engine.add_run("pid:pid"))["pid"] != first

    def test_a_cancelled_body_is_killed_and_nothing_reported(self, engine: FakeEngine, program: StartProgram) -> None:
        worker = program(processes=1)
        run_id = engine.add_run("hangs:hangs")
        child = int(worker.line().split()[1])
        engine.cancel(run_id)
        eventually(lambda: not psutil.pid_exists(child))
        assert ended(engine, engine.add_run("pid:pid"))["pid"] != child
        assert [event.kind for event in engine.events.values() if event.task_id == run_id] == [pb.StepEvent.STARTED]

    def test_a_cancelled_body_can_end_by_itself(self, engine: FakeEngine, program: StartProgram) -> None:
        worker = program(processes=1)
        first = ended(engine, engine.add_run("pid:pid"))["pid"]
        run_id = engine.add_run("polls:polls")
        assert worker.line() == "polls"
        engine.cancel(run_id)
        assert worker.line() == "saw the cancellation"
        assert ended(engine, engine.add_run("pid:pid"))["pid"] == first

    def test_a_function_that_cannot_be_imported_is_refused_at_the_start(
        self, engine: FakeEngine, program: StartProgram
    ) -> None:
        worker = program(processes=1, nested=1)
        status, _, errors = worker.end()
        assert status == 1 and "define it at the top level of a module" in errors

    def test_processes_that_cannot_be_started_stop_the_worker(self, engine: FakeEngine, program: StartProgram) -> None:
        worker = program(processes=1, breaks=1)
        status, _, errors = worker.end()
        assert status == 1 and "a process for tasks could not be started" in errors
        assert engine.hellos == []

    def test_a_process_is_there_before_the_first_task(self, engine: FakeEngine, program: StartProgram) -> None:
        worker = program(processes=2)
        assert len(worker.children()) == 2


def test_bodies_that_fork_do_not_harm_the_worker(engine: FakeEngine, program: StartProgram) -> None:
    program()
    run_ids = engine.add_runs("forks:forks", 8)
    assert [ended(engine, run_id) for run_id in run_ids] == [{"status": 0}] * 8
    assert all(len(engine.runs[run_id].completions) == 1 for run_id in run_ids)
    assert ended(engine, engine.add_run("pid:pid", '{"n":3}'))["n"] == 3
