"""One action of a client, as a process of its own.

Usage:
    python -m benchlib.client MODULE setup 0 0           what the system needs once, before anything else
    python -m benchlib.client MODULE noop FIRST COUNT    bulk enqueue, in chunks; prints {"enqueue_s": seconds}
    python -m benchlib.client MODULE slow N SECONDS      one task that marks N, sleeps, marks N + 1
"""

import importlib
import inspect
import json
import os
import sys
import time

from benchlib.driver import call, run_client

CHUNK = 10_000


async def act(client, action: str, first: int, amount: str) -> dict:
    if action == "setup":
        if hasattr(client, "setup"):
            await call(client.setup)
        return {}
    await call(client.open)
    start = time.monotonic()
    if action == "slow":
        handle = await call(client.enqueue_slow, first, float(amount))
        del handle
    else:
        end = first + int(amount)
        for at in range(first, end, CHUNK):
            await call(client.enqueue_many, list(range(at, min(at + CHUNK, end))))
    took = time.monotonic() - start
    await call(client.close)
    return {"enqueue_s": round(took, 4)}


def main() -> None:
    module, action, first, amount = sys.argv[1:5]
    client = importlib.import_module(module).Client()
    done = run_client(inspect.iscoroutinefunction(client.enqueue), act(client, action, int(first), amount))
    sys.stdout.write(json.dumps(done) + "\n")
    sys.stdout.flush()
    os._exit(0)  # some clients leave threads that are not daemons


if __name__ == "__main__":
    main()
