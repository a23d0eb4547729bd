"""Commits batches into the store at argv[1], numbered from argv[2], and names each once it is committed."""

import sys
import threading

from hatchet_engine.core.changes import Changes, EventRecord
from hatchet_engine.store import store as store_module
from hatchet_engine.store.store import Store
from tests.store.test_crash import ROWS, task_id
from tests.store.world import Line, World, changed, created, finished, joined


def checkpoint_all_the_time(store: Store) -> None:
    while True:
        store.checkpoint()


def main(url: str, number: int) -> None:
    store_module.CHECKPOINT_AT = 0
    store_module.RESTART_AT = 200_000
    store = Store.open(url)
    world = World(store)
    threading.Thread(target=checkpoint_all_the_time, args=(store,), daemon=True).start()
    previous: list[Changes] = []
    while True:
        tasks = [changed(world.running_task(), id=task_id(number, each)) for each in range(ROWS)]
        changes = joined(*(created(task, payload='"' + "x" * 500 + '"') for task in tasks), *previous)
        changes.events = [EventRecord(task.id, 0, "CREATED", number) for task in tasks]
        world.write(changes, lines=[Line(task.id, f"{number}") for task in tasks])
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        previous = [finished(task, f"{number + 1}") for task in tasks]
        number += 1


main(sys.argv[1], int(sys.argv[2]))
