"""The client's side of the scenarios. Runs as a process of its own in the measured system's virtual environment.

    python -m benchlib.driver MODULE PLAN.json OUT.json

MODULE (a file of peers/) has the tasks and a class `Client`, whose methods are all sync or all async:

    setup()          optional what has to be done once, before anything else
    open() close()            connect, disconnect
    enqueue(n)                put one no-op task with payload {"n": n}; returns a handle
    enqueue_many(ns)          the bulk API, or calls in flight; returns the handles
    result(h)                 wait for the result of a handle, the best supported way; returns {"n": n}
    peek(h)          optional one look that does not wait; the result or None
    fanout(first, k)          a parent with k children; returns the sum of the children's n
    chain(n)                  three steps, each n -> n + 1; returns n + 3
    enqueue_slow(n, seconds)  a task that marks n, sleeps, marks n + 1

The task body calls `probe.mark(n)`; executions are counted and timed by those marks, results are read back with the
system's own API (the last 20 inside the timing, a sample of 100 outside it).
"""

import asyncio
import contextlib
import gc
import importlib
import inspect
import json
import os
import resource
import statistics
import sys
import time
import traceback
from pathlib import Path

from benchlib import procstat
from benchlib.probe import marks

LAST_RESULTS = 20
SAMPLED_RESULTS = 100
now = time.monotonic


def percentiles_ms(samples: list[float]) -> dict:
    ordered = sorted(samples)

    def at(p: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(p * len(ordered)))] * 1000, 3)

    mean = round(statistics.fmean(ordered) * 1000, 3)
    return {"p50": at(0.50), "p95": at(0.95), "p99": at(0.99), "mean": mean, "n": len(ordered)}


async def call(method, *args):
    """Call a client method that may be sync or async."""
    value = method(*args)
    return await value if inspect.isawaitable(value) else value


def run_sync(coroutine):
    """Drive a coroutine that never really waits: the scenarios of a blocking client, without an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("a blocking client awaited something")


def run_client(is_async: bool, coroutine):
    if not is_async:
        return run_sync(coroutine)
    with contextlib.suppress(ImportError):
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(coroutine)
    return asyncio.run(coroutine)


class Driver:
    """One client with the numbers that the plan gives it."""

    def __init__(self, module: str, plan: dict) -> None:
        self.plan = plan
        self.client = importlib.import_module(module).Client()
        self.is_async = inspect.iscoroutinefunction(self.client.enqueue)
        self.next_n = plan.get("first_n", 1)

    async def sleep(self, seconds: float) -> None:
        if self.is_async:
            await asyncio.sleep(seconds)
        else:
            time.sleep(seconds)  # noqa: ASYNC251 - a blocking client has no event loop to hold up

    def numbers(self, count: int) -> range:
        first, self.next_n = self.next_n, self.next_n + count
        return range(first, self.next_n)

    def cpu(self) -> dict[str, float]:
        own = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "client": own.ru_utime + own.ru_stime,
            "worker": procstat.cpu_s(self.plan["worker_pids"]),
            "server": procstat.cpu_s(self.plan["server_pids"]),
        }

    async def wait_marks(self, ns: range, within_s: float) -> None:
        at, deadline = ns.start, now() + within_s
        while True:
            while at < ns.stop and marks().started(at):
                at += 1
            if at == ns.stop:
                return
            if now() > deadline:
                raise TimeoutError(f"{marks().executed(ns.start, len(ns))} of {len(ns)} ran within {within_s} s")
            await self.sleep(0.003)

    async def confirm(self, handles: list, within_s: float = 60.0) -> None:
        """Wait for the results of these (n, handle) pairs and check their values."""
        deadline = now() + within_s
        peek = getattr(self.client, "peek", None)
        for n, handle in handles:
            result = await call(peek or self.client.result, handle)
            while result is None and now() < deadline:
                await self.sleep(0.003)
                result = await call(peek, handle)
            if result != {"n": n}:
                raise AssertionError(f"wrong result {result!r} for {n}")

    async def enqueue_each(self, ns: range) -> list:
        handles = []
        enqueue = self.client.enqueue
        for n in ns:
            handle = enqueue(n)
            handles.append((n, await handle if self.is_async else handle))
        return handles

    async def warm_up(self, count: int) -> None:
        ns = self.numbers(count)
        handles = await self.enqueue_each(ns)
        await self.wait_marks(ns, 120)
        await self.confirm(handles[-5:])

    async def throughput(self, count: int, bulk: bool) -> dict:
        """From the first enqueue until all have run and the last 20 results are readable."""
        gc.collect()
        ns = self.numbers(count)
        cpu, start = self.cpu(), now()
        handles = list(zip(ns, await call(self.client.enqueue_many, list(ns)), strict=True)) if bulk else None
        handles = handles or await self.enqueue_each(ns)
        enqueued = now()
        await self.wait_marks(ns, self.plan.get("timeout_s", 300))
        executed = now()
        await self.confirm(handles[-LAST_RESULTS:])
        confirmed = now()
        used = {role: round((after - cpu[role]) * 1000 / count, 4) for role, after in self.cpu().items()}
        used["total"] = round(sum(used.values()), 4)
        await self.confirm(handles[:: max(1, count // SAMPLED_RESULTS)])
        return {
            "tasks": count,
            "enqueue_per_s": round(count / (enqueued - start), 1),
            "executed_per_s": round(count / (executed - start), 1),
            "per_s": round(count / (confirmed - start), 1),
            "cpu_s_per_1000": used,
            "duplicates": marks().repeated(ns.start, count),
        }

    async def single(self, count: int) -> dict:
        return await self.throughput(count, bulk=False)

    async def bulk(self, count: int) -> dict:
        return await self.throughput(count, bulk=True)

    async def latency(self, count: int) -> dict:
        """Enqueue and wait for the result, one after the other."""
        samples = []
        for n in self.numbers(count):
            start = now()
            result = await call(self.client.result, await call(self.client.enqueue, n))
            samples.append(now() - start)
            if result != {"n": n}:
                raise AssertionError(f"wrong result {result!r} for {n}")
        return percentiles_ms(samples)

    async def start_latency(self, rate: int, seconds: float) -> dict:
        """Open loop: from just before the enqueue call until the task body starts."""
        ns = self.numbers(int(rate * seconds))
        begin = now() + 0.05
        sent, late = [], 0.0
        for i, n in enumerate(ns):
            due = begin + i / rate
            await self.sleep(max(0.0, due - now()))
            sent.append(now())
            late = max(late, sent[-1] - due)
            await call(self.client.enqueue, n)
        await self.wait_marks(ns, 60)
        waits = [marks().started(n) - at for n, at in zip(ns, sent, strict=True)]
        return percentiles_ms(waits) | {"rate": rate, "late_ms_max": round(late * 1000, 1)}

    async def fan(self, children: int, times: int) -> dict:
        """A parent with `children` children, until their sum is back."""
        samples = []
        for _ in range(times):
            ns = self.numbers(children)
            start = now()
            total = await call(self.client.fanout, ns.start, children)
            samples.append(now() - start)
            if total != sum(ns):
                raise AssertionError(f"the children's sum is {total}, not {sum(ns)}")
        median, low, high = statistics.median(samples), min(samples), max(samples)
        return {"median_s": round(median, 4), "min_s": round(low, 4), "max_s": round(high, 4), "n": times}

    async def chain(self, times: int) -> dict:
        """Three dependent steps, until the last result is back."""
        samples = []
        for _ in range(times):
            n = self.numbers(4).start
            start = now()
            got = await call(self.client.chain, n)
            samples.append(now() - start)
            if got != n + 3:
                raise AssertionError(f"the chain gave {got}, not {n + 3}")
        return percentiles_ms(samples)

    async def measured(self, scenario, *args) -> dict:
        """The scenario's numbers, with how busy the machine was and how much of that others caused."""
        cpu, busy, start = self.cpu(), procstat.machine_busy_s(), now()
        numbers = await scenario(*args)
        took = now() - start
        own = sum(after - cpu[role] for role, after in self.cpu().items())
        foreign = procstat.machine_busy_s() - busy - own
        numbers["noise"] = {
            "took_s": round(took, 2), "own_cores": round(own / took, 2), "foreign_cores": round(foreign / took, 2)
        }  # fmt: skip
        return numbers

    async def run(self, out: dict) -> None:
        await call(self.client.open)
        await self.warm_up(self.plan["warm"])
        for name, scenario, *args in self.plan["scenarios"]:
            try:
                out[name] = await self.measured(getattr(self, scenario), *args)
            except Exception as error:
                out.setdefault("errors", {})[name] = f"{type(error).__name__}: {error}"[:500]
                traceback.print_exc()
        await call(self.client.close)


def main() -> None:
    module, plan_path, out_path = sys.argv[1:4]
    out: dict = {}
    try:
        driver = Driver(module, json.loads(Path(plan_path).read_text()))
        run_client(driver.is_async, driver.run(out))
    except BaseException as error:
        out.setdefault("errors", {})["run"] = f"{type(error).__name__}: {error}"[:500]
        traceback.print_exc()
    Path(out_path).write_text(json.dumps(out, indent=1))
    sys.stderr.flush()
    os._exit(0)  # some clients leave threads that are not daemons


if __name__ == "__main__":
    main()
