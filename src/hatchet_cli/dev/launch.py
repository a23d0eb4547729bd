"""Runs `module:attribute` of the project: a function that starts a worker, or a worker.

Runs in the project's interpreter, so it needs nothing but the standard library.
"""

import importlib
import inspect
import os
import sys
from operator import attrgetter


def main(target: str) -> None:
    """Import the module of `target` and call its attribute, or the attribute's `start` method.

    Raises:
        SystemExit: there is no such attribute, or it cannot be started.
    """
    module_name, _, attribute = target.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    module = importlib.import_module(module_name)
    try:
        found = attrgetter(attribute)(module)
    except AttributeError:
        sys.exit(f"{module_name} has no {attribute!r}; name a function that starts a worker, e.g. {module_name}:main")
    start = getattr(found, "start", found)
    if not callable(start):
        sys.exit(f"{target} can neither be called nor started; name a function that starts a worker")
    if inspect.iscoroutine(start()):
        sys.exit(f"{target} is a coroutine function; worker.start() runs its own event loop, so name a plain function")


if __name__ == "__main__":
    main(sys.argv[1])
