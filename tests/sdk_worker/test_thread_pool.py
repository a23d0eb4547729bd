"""Threads for sync bodies."""

import asyncio
import contextvars
import threading

import pytest

from hatchet_sdk.worker.thread_pool import ThreadPool
from tests.support.waiting import eventually


class Gate:
    """Jobs that wait until they are let go."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.inside: set[int] = set()
        self.done = 0
        self.lock = threading.Lock()

    def job(self) -> None:
        with self.lock:
            self.inside.add(threading.get_ident())
        self.open.wait()
        with self.lock:
            self.done += 1


def test_jobs_that_wait_spread_over_the_pool() -> None:
    pool, gate = ThreadPool(8), Gate()
    pool.submit([gate.job] * 20)
    eventually(lambda: len(gate.inside) == 8)
    assert pool.state() == (8, 0, 12)
    gate.open.set()
    eventually(lambda: gate.done == 20)
    pool.close()
    eventually(lambda: pool.state()[0] == 0)


def test_jobs_that_come_later_find_idle_threads() -> None:
    pool, gate = ThreadPool(4), Gate()
    gate.open.set()
    for expected in range(1, 200):
        pool.submit([gate.job])
        eventually(lambda expected=expected: gate.done == expected, poll_s=0.0005)
    assert pool.state()[0] <= 2
    pool.close()


def test_nothing_is_lost_when_many_threads_submit() -> None:
    pool, gate = ThreadPool(4), Gate()
    gate.open.set()
    submitters = [threading.Thread(target=lambda: [pool.submit([gate.job]) for _ in range(500)]) for _ in range(6)]
    for submitter in submitters:
        submitter.start()
    eventually(lambda: gate.done == 3000, within_s=20)
    assert pool.state()[0] <= 4
    pool.close()


def test_a_thread_that_is_written_off_is_replaced_and_ends() -> None:
    pool, stuck, gate = ThreadPool(1), Gate(), Gate()
    gate.open.set()
    pool.submit([stuck.job])
    eventually(lambda: stuck.inside)
    pool.submit([gate.job])
    pool.write_off(next(iter(stuck.inside)))
    eventually(lambda: gate.done == 1)
    assert not gate.inside & stuck.inside
    stuck.open.set()
    eventually(lambda: pool.state() == (1, 0, 0))
    pool.close()


def test_there_is_a_limit_to_replacing() -> None:
    pool, stuck = ThreadPool(2), Gate()
    pool.submit([stuck.job] * 10)
    for expected in (2, 4):
        eventually(lambda expected=expected: len(stuck.inside) == expected)
        for ident in list(stuck.inside):
            pool.write_off(ident)
    eventually(lambda: len(stuck.inside) == 4)
    assert pool.state() == (4, 4, 6)
    stuck.open.set()
    eventually(lambda: stuck.done == 10)
    pool.close()


def test_threads_that_cannot_be_started_are_done_without(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pool, gate = ThreadPool(4), Gate()
    pool.submit([gate.job])
    eventually(lambda: gate.inside)

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    pool.submit([gate.job] * 3)
    monkeypatch.undo()
    gate.open.set()
    eventually(lambda: gate.done == 4)
    assert "can't start new thread" in caplog.text
    pool.close()


async def test_call_runs_in_the_context_of_the_caller() -> None:
    pool, variable = ThreadPool(1), contextvars.ContextVar("variable", default="")
    variable.set("mine")
    loop = asyncio.get_running_loop()
    assert await pool.call(loop, variable.get) == "mine"
    with pytest.raises(ZeroDivisionError):
        await pool.call(loop, lambda: 1 / 0)
    pool.close()
