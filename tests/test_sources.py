"""The detectors behind tests/test_tidy.py see what they are to see."""

import ast

import pytest

from tests.support.sources import Function, body_lines, mutable_module_state, parameters, sleeps


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ("NAMES = ['a']", []),
        ("_NAMES: dict[str, int] = {}", []),
        ("__all__ = ['a']", []),
        ("names = ('a',)", []),
        ("names = ['a']", ["names is not named as a constant"]),
        ("names: set[str] = {x for x in 'ab'}", ["names is not named as a constant"]),
        ("CACHE = {}\ndef f(): CACHE['a'] = 1", ["CACHE is changed"]),
        ("CACHE = {}\ndef f(): del CACHE['a']", ["CACHE is changed"]),
        ("SEEN = []\ndef f(): SEEN.append(1)", ["SEEN is changed"]),
        ("SEEN = []\ndef f(): SEEN.index(1)", []),
    ],
)
def test_state_of_a_module(code: str, seen: list[str]) -> None:
    assert [what for _, what in mutable_module_state(ast.parse(code))] == seen


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("time.sleep(1)", [1]),
        ("async def f():\n    await asyncio.sleep(0.1)", [2]),
        ("asyncio.sleep(0)", []),
        ("clock.sleep(1)", []),
    ],
)
def test_sleeps(code: str, lines: list[int]) -> None:
    assert list(sleeps(ast.parse(code))) == lines


@pytest.mark.parametrize(
    ("code", "lines", "taken"),
    [
        ("def f(self, a, *, b): return 1", 1, 2),
        ("def f(a, b, /, *c, **d):\n    '''Two\n    lines.'''\n    x = 1\n\n    return x", 3, 2),
        ("async def f(cls): ...", 1, 0),
        ("def f():\n    '''Says nothing else.'''", 0, 0),
    ],
)
def test_sizes_of_functions(code: str, lines: int, taken: int) -> None:
    function = ast.parse(code).body[0]
    assert isinstance(function, Function)
    assert (body_lines(function), parameters(function)) == (lines, taken)
