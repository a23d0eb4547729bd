from hatchet_engine.core.definition import WorkflowDefinition
from hatchet_engine.core.model import Task, Version
from hatchet_engine.runtime.payloads import PayloadCache


def task(id: str) -> Task:
    definition = WorkflowDefinition.parse({"name": "w", "tasks": [{"readable_id": "w", "action": "w:w"}]})
    return Task(id, Version("v", "w", 1, definition, "", ["s"], 0).steps[0], 1, 0)


def test_a_full_cache_keeps_what_will_be_needed_first() -> None:
    cache = PayloadCache(capacity=1_500)
    for id in ("first", "second", "third"):
        cache.add(task(id), ("x" * 200, ""))
    assert cache.take("first") == ("x" * 200, "")
    assert cache.take("second") is not None
    assert cache.take("third") is None
    cache.add(task("fourth"), ("{}", "{}"))
    assert cache.take("fourth") == ("{}", "{}")
    assert cache.take("fourth") is None
