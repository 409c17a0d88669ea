"""A definition that shows, draws or opens something where it stands does so in its own step, and no module does it when imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from nb2pipe import api
from nb2pipe.replay.verify import Settings
from tests.making import write

_DECORATOR = "def log(f):\n    print('decorates', f.__name__)\n    return f"
_REPEAT = "def repeat(n):\n    def deco(f):\n        print('deco')\n        def w():\n            return [f() for _ in range(n)]\n        return w\n    return deco"  # fmt: skip
_TIMED = "def timed(f):\n    def w(*a):\n        print('calls')\n        return f(*a)\n    return w"


@pytest.mark.parametrize(
    ("cells", "stands_in_a_module"),
    [
        pytest.param([_DECORATOR, "x = 1", "@log\ndef g():\n    return 1", "print(g())"], False, id="decorator"),
        pytest.param([_REPEAT, "x = 1", "@repeat(2)\ndef g():\n    return 1", "print(g())"], False, id="its call"),
        pytest.param([_TIMED, "x = 1", "@timed\ndef g():\n    return 1", "print(g())"], True, id="what it gives"),
        pytest.param(["x = 1", "class g:\n    print('body')\n    y = 2", "print(g.y)"], False, id="body of a class"),
        pytest.param(
            ["class B:\n    def __init_subclass__(cls):\n        print('sub')", "x = 1", "class g(B): pass", "print(g.__name__)"],
            False, id="base",
        ),
        pytest.param(
            ["class M(type):\n    def __new__(m, *a):\n        print('made')\n        return super().__new__(m, *a)", "x = 1",
             "class g(metaclass=M): pass", "print(g.__name__)"],
            False, id="metaclass",
        ),
        pytest.param(
            ["import numpy as np", "def g(x=np.random.rand()):\n    return x", "print(g() < 1)"], False, id="default",
        ),
        pytest.param(
            ["import logging", "x = 1", "def g(x, to=logging.getLogger('a')):\n    to.info(x)\n    return x", "print(g(1))"],
            True, id="quiet default",
        ),
        pytest.param(
            ["from dataclasses import dataclass, field", "@dataclass\nclass g:\n    a: int\n    b: list = field(default_factory=list)",
             "print(g(1))"],
            True, id="dataclass",
        ),
        pytest.param(
            ["import ipywidgets\nfrom ipywidgets import interact", "@interact(x=(0, 3))\ndef g(x=1):\n    print(x)", "print(2)"],
            False, id="what a library shows",
        ),
    ],
)  # fmt: skip
def test_where_a_definition_stands(cells: list[str], stands_in_a_module: bool, tmp_path: Path) -> None:
    if "ipywidgets" in cells[0]:
        pytest.importorskip("ipywidgets")
    compiled = api.compile_notebook(api.load(str(write(tmp_path / "notebook.ipynb", cells))), "cells:1")
    made = api.package(compiled)
    api.write_package(made, tmp_path / "out")
    functions = "".join(t.decode() for p, t in made.tree.files if p.endswith("/functions.py"))
    assert ("def g(" in functions or "class g" in functions) == stands_in_a_module
    report = api.verify(compiled, tmp_path / "out", Settings())
    # what `interact` has its function print stands in a widget, and is printed without a notebook
    assert (report.verdict, report.differences) == ("UNKNOWN" if "ipywidgets" in cells[0] else "EQUAL", ())
