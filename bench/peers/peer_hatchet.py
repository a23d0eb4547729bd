"""Our system, with an async, a blocking and a pipelined client (env BENCH_HATCHET_CLIENT)."""

import asyncio
import itertools
import os
import subprocess
import sys
import time
from datetime import timedelta

import grpc
from benchlib import probe
from pydantic import BaseModel

from hatchet_sdk import Context, Hatchet

SLOTS = int(os.environ.get("BENCH_SLOTS", "100"))  # the SDK's default
WINDOW = 200  # calls in flight
CHUNK = 1000  # runs in one bulk call
CHUNKS_IN_FLIGHT = 4
PATIENT = timedelta(hours=1)  # the default would cancel a deep backlog after 5 minutes

hatchet = Hatchet()


class Number(BaseModel):
    n: int


class FanInput(BaseModel):
    first: int
    k: int


class SlowInput(BaseModel):
    n: int
    s: float


@hatchet.task(name="noop", input_validator=Number, schedule_timeout=PATIENT)
async def noop(input: Number, ctx: Context) -> dict[str, int]:
    probe.mark(input.n)
    return {"n": input.n}


@hatchet.task(name="step", input_validator=Number)
async def step(input: Number, ctx: Context) -> dict[str, int]:
    probe.mark(input.n)
    return {"n": input.n + 1}


@hatchet.task(name="fan", input_validator=FanInput, execution_timeout=timedelta(minutes=2))
async def fan(input: FanInput, ctx: Context) -> dict[str, int]:
    outputs = await noop.aio_run_many(bulk_items(range(input.first, input.first + input.k)))
    return {"sum": sum(output["n"] for output in outputs)}


@hatchet.task(name="slow", input_validator=SlowInput)
async def slow(input: SlowInput, ctx: Context) -> dict[str, int]:
    probe.mark(input.n)
    await asyncio.sleep(input.s)
    probe.mark(input.n + 1)
    return {"n": input.n}


def bulk_items(ns):
    return [noop.create_bulk_run_item(input=Number(n=n)) for n in ns]


def register():
    """Run a worker once: the engine refuses triggers of a workflow that no worker has registered."""
    worker = subprocess.Popen([sys.executable, "-m", "peer_hatchet"])
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                return noop.run(Number(n=0))
            except grpc.RpcError as refused:
                if refused.code() is not grpc.StatusCode.INVALID_ARGUMENT or time.monotonic() > deadline:
                    raise
            time.sleep(0.05)
    finally:
        worker.terminate()
        worker.wait(30)


class Blocking:
    def setup(self):
        register()

    def open(self):
        pass  # the SDK connects at the first use

    def close(self):
        pass

    def enqueue(self, n):
        return noop.run(Number(n=n), wait_for_result=False)

    def enqueue_many(self, ns):
        refs = []
        for chunk in chunks(ns):
            refs += noop.run_many(bulk_items(chunk), wait_for_result=False)
        return refs

    def result(self, ref):
        return ref.result()

    def fanout(self, first, k):
        return fan.run(FanInput(first=first, k=k))["sum"]

    def chain(self, n):  # the client drives it
        for _ in range(3):
            n = step.run(Number(n=n))["n"]
        return n

    def enqueue_slow(self, n, seconds):
        return slow.run(SlowInput(n=n, s=seconds), wait_for_result=False)


class Async:
    async def setup(self):
        await asyncio.to_thread(register)

    async def open(self):
        pass

    async def close(self):
        pass

    async def enqueue(self, n):
        return await noop.aio_run(Number(n=n), wait_for_result=False)

    async def enqueue_many(self, ns):
        return await bounded(WINDOW, [lambda n=n: Async.enqueue(self, n) for n in ns])

    async def result(self, ref):
        return await ref.aio_result()

    async def fanout(self, first, k):
        return (await fan.aio_run(FanInput(first=first, k=k)))["sum"]

    async def chain(self, n):  # the client drives it
        for _ in range(3):
            n = (await step.aio_run(Number(n=n)))["n"]
        return n

    async def enqueue_slow(self, n, seconds):
        return await slow.aio_run(SlowInput(n=n, s=seconds), wait_for_result=False)


class Pipelined(Async):
    """For producers of many runs: it does not wait for each acknowledgement before the next trigger."""

    async def open(self):
        self.free = asyncio.Semaphore(WINDOW)

    async def enqueue(self, n):
        await self.free.acquire()
        sending = asyncio.create_task(super().enqueue(n))
        sending.add_done_callback(lambda _: self.free.release())
        return sending

    async def enqueue_many(self, ns):
        calls = [lambda c=c: noop.aio_run_many(bulk_items(c), wait_for_result=False) for c in chunks(ns)]
        return list(itertools.chain.from_iterable(await bounded(CHUNKS_IN_FLIGHT, calls)))

    async def result(self, sending):
        ref = await sending if isinstance(sending, asyncio.Task) else sending
        return await ref.aio_result()


def chunks(ns):
    return (ns[at : at + CHUNK] for at in range(0, len(ns), CHUNK))


async def bounded(limit, calls):
    """The results of the calls in order, with at most `limit` of them in flight."""
    results = [None] * len(calls)
    todo = iter(enumerate(calls))

    async def lane():
        for index, call in todo:
            results[index] = await call()

    await asyncio.gather(*(lane() for _ in range(limit)))
    return results


Client = {"async": Async, "sync": Blocking, "pipelined": Pipelined}[os.environ.get("BENCH_HATCHET_CLIENT", "async")]


def main():
    hatchet.worker("bench", slots=SLOTS, workflows=[noop, step, fan, slow]).start()


if __name__ == "__main__":
    main()
