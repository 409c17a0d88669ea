"""Values are passed on to functions: the edits of calls and definitions."""

from __future__ import annotations

import pytest

from nb2pipe.package.calls import ShadowedError, passing, taking

EXTRA = {"f": ("x",), "g": ("x", "y")}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f()", "f(x=x)"),
        ("f(1)", "f(1, x=x)"),
        ("f(\n    1,\n    2,\n)", "f(\n    1,\n    2, x=x,\n)"),
        ("f(v for v in z)", "f((v for v in z), x=x)"),
        ("f(f(2))", "f(f(2, x=x), x=x)"),
        ("map(f, z)", "map(with_values(f, x=x), z)"),
        ("g(a, *b, **c)", "g(a, *b, **c, x=x, y=y)"),
        ("f((1))", "f((1), x=x)"),
        ("é = f('é') + g('ü')", "é = f('é', x=x) + g('ü', x=x, y=y)"),
        ("f( # c\n  1 # d\n )", "f( # c\n  1, x=x # d\n )"),
        ("def h(f): return f(1)", "def h(f): return f(1)"),
        ("[f for f in z]", "[f for f in z]"),
        ("a.f(1)", "a.f(1)"),
    ],
)
def test_calls_pass_values_on(before: str, after: str) -> None:
    assert passing(before, EXTRA) == after


@pytest.mark.parametrize("text", ["def h(x): return f(1)", "[f(x) for x in z]", "lambda x: f(x)"])
def test_a_shadowed_value_cannot_be_passed_on(text: str) -> None:
    with pytest.raises(ShadowedError):
        passing(text, EXTRA)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f(): return x", "def f(*, x, y): return x"),
        ("def f(a, b=(1)): return 1", "def f(a, b=(1), *, x, y): return 1"),
        ("@d(1)\ndef f(a, *, b): pass", "@d(1)\ndef f(a, *, b, x, y): pass"),
        ("def f(a, **kw): pass", "def f(a, *, x, y, **kw): pass"),
        ("def f(*a): pass", "def f(*a, x, y): pass"),
        ("async def f(a=2**3, **k): pass", "async def f(a=2**3, *, x, y, **k): pass"),
    ],
)
def test_definitions_take_them(before: str, after: str) -> None:
    assert taking(before, ("x", "y")) == after
