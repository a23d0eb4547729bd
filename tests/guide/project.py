"""Puts the guide's snippets together into an application: which files it has and what stands around the snippets."""

from pathlib import Path
from textwrap import indent

HERE = Path(__file__).parent


def snippet(name: str) -> str:
    """The text of a snippet, as printed."""
    return (HERE / "snippets" / f"{name}.py").read_text()


# `response` is what the fragment looks at; the rest of the body is the reader's.
TASK_WITH_FRAGMENT = """
@hatchet.task(input_validator=OrderInput, retries=3)
async def post_order(input: OrderInput, ctx: Context) -> dict[str, str]:
    response = await post(input.order_id)
{fragment}
    return {{"status": str(response.status_code)}}
"""


def tasks() -> str:
    """The module with all tasks, in the order of the guide."""
    fragment = indent(snippet("step6_non_retryable"), "    ")
    return "\n\n".join(
        (
            "from surroundings import *",
            snippet("step3_task"),
            snippet("step3_more_tasks"),
            snippet("step6_retries"),
            TASK_WITH_FRAGMENT.format(fragment=fragment),
            snippet("step6_timeouts"),
            snippet("step6_queue_timeout"),
            snippet("step10_cooperate"),
            snippet("step10_default_priority"),
            snippet("testing_task"),
        )
    )


def worker(name: str, slots: int, *registered: str) -> str:
    """A worker script like that of step 5 for other tasks."""
    return (
        snippet("step5_worker")
        .replace("import process_image", f"import {', '.join(registered)}")
        .replace("[process_image]", f"[{', '.join(registered)}]")
        .replace('"image-worker"', f'"{name}"')
        .replace("slots=4", f"slots={slots}")
    )


def files() -> dict[str, str]:
    return {
        "client.py": snippet("step2_client"),
        "tasks.py": tasks(),
        "worker.py": snippet("step5_worker"),
        "surroundings.py": (HERE / "surroundings.py").read_text(),
    }
