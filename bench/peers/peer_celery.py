import os
import time

from benchlib import probe
from celery import Celery, chain, chord, group

URL = os.environ["BENCH_REDIS_URL"]
app = Celery("peer_celery", broker=URL, backend=URL)
app.conf.update(
    task_serializer="json",
    result_serializer="json",
    accept_content=["json"],
    result_expires=3600,
    worker_prefetch_multiplier=4,
    broker_connection_retry_on_startup=True,
    task_default_queue="bench",
)


@app.task(name="noop")
def noop(p):
    probe.mark(p["n"])
    return {"n": p["n"]}


@app.task(name="step")
def step(p):
    probe.mark(p["n"])
    return {"n": p["n"] + 1}


@app.task(name="collect")
def collect(results):
    return {"sum": sum(r["n"] for r in results)}


@app.task(name="slow")
def slow(p):
    probe.mark(p["n"])
    time.sleep(p["s"])
    probe.mark(p["n"] + 1)
    return {"n": p["n"]}


class Client:
    def open(self):
        app.connection_for_write().ensure_connection(max_retries=20)

    def close(self):
        app.close()

    def enqueue(self, n):
        return noop.delay({"n": n})

    def enqueue_many(self, ns):
        return group(noop.s({"n": n}) for n in ns).apply_async().results

    def result(self, handle):
        return handle.get(timeout=60, disable_sync_subtasks=False)

    def peek(self, handle):
        return handle.result if handle.ready() else None

    def fanout(self, first, k):
        header = [noop.s({"n": n}) for n in range(first, first + k)]
        return chord(header)(collect.s()).get(timeout=120)["sum"]

    def chain(self, n):
        return chain(step.s({"n": n}), step.s(), step.s()).apply_async().get(timeout=60)["n"]

    def enqueue_slow(self, n, seconds):
        return slow.delay({"n": n, "s": seconds})
