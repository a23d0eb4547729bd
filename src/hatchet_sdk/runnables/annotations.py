"""Reading the annotations of task functions."""

import inspect
import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any, get_type_hints


class Annotations:
    """Annotations of a function, each resolved when it is asked for.

    One by one, so that an annotation which only a type checker can resolve (`ctx: "Context"` imported under
    TYPE_CHECKING) does no harm unless it is needed.

    Args:
        fn: the function.
        local_names: names of the scope that the function was defined in.
    """

    def __init__(self, fn: Callable[..., Any], local_names: Mapping[str, Any]) -> None:
        self._fn = inspect.unwrap(fn)
        self._local_names = local_names

    def of(self, name: str) -> Any:
        """The annotation of a parameter, or of the returned value (`return`); None if there is none.

        Raises:
            TypeError: the annotation is text that cannot be resolved.
        """
        annotations = getattr(self._fn, "__annotations__", None)
        if annotations is None:
            annotations = getattr(type(self._fn).__call__, "__annotations__", {})
        if name not in annotations:
            return None
        annotation = annotations[name]
        module = sys.modules.get(getattr(self._fn, "__module__", ""), None)
        holder = type("holder", (), {"__annotations__": {name: annotation}})
        try:
            hints = get_type_hints(
                holder,
                globalns=getattr(self._fn, "__globals__", vars(module) if module else {}),
                localns=dict(self._local_names),
                include_extras=True,
            )
        except NameError as error:
            raise TypeError(
                f"the annotation {annotation!r} of '{name}' in {self._fn!r} cannot be resolved: {error}; "
                "import the name at run time, not only under TYPE_CHECKING"
            ) from error
        return hints[name]

    def for_function(self, fn: Callable[..., Any]) -> "Annotations":
        """The annotations of another function of the same scope."""
        return Annotations(fn, self._local_names)


def local_names(frame: FrameType | None) -> Mapping[str, Any]:
    """The local names of a frame, e.g. of the function in which a task is declared; module level has none."""
    if frame is None or frame.f_locals is frame.f_globals:
        return {}
    return frame.f_locals
