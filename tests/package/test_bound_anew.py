"""Functions and classes whose names the notebook binds anew stand at the top of their own step's module, where that means the same."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from nb2pipe import api
from tests.making import code, write
from tests.package.making import package, run

_FIRST, _SECOND = "def cut(text):\n    return text.split()", "def cut(text):\n    return text.split(',')"


def _at_top(source: Path) -> dict[str, list[str]]:
    """By module of a step, the functions and classes at its top, but for the step."""
    found = {}
    for path in sorted((source / "made" / "steps").glob("*.py")):
        names = [
            n.name for n in ast.parse(path.read_text("utf-8")).body if isinstance(n, (ast.FunctionDef, ast.ClassDef))
        ]
        found[path.stem] = [n for n in names if n != path.stem]
    return {step: names for step, names in found.items() if names}


def test_each_stands_in_its_step(tmp_path: Path) -> None:
    cells = [
        code(_FIRST, "step:words"),
        code("import pickle\nprint(cut('a b'), pickle.loads(pickle.dumps(cut)) is cut, cut.__qualname__)", "step:show"),
        code(_SECOND + "\nprint(cut('c d,e'))", "step:parts"),
        code("class Row:\n    def __init__(self, x):\n        self.x = x\nrow = Row(1)", "step:row"),
        code("class Row:\n    y = 2\nprint(row.x, Row().y)", "step:other"),
    ]
    source = package(write(tmp_path / "notebook.ipynb", cells), tmp_path / "project")
    assert _at_top(source) == {"words": ["cut"], "parts": ["cut"], "row": ["Row"], "other": ["Row"]}
    done = run(source, tmp_path)
    assert (done.stdout, done.stderr) == ("['a', 'b'] True cut\n['c d', 'e']\n1 2\n", "")


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        pytest.param(
            [code(_FIRST, "step:a"), code(f"print(cut('a b,c'))\n{_SECOND}\nprint(cut('a b,c'))", "step:b")],
            "['a', 'b,c']\n['a b', 'c']\n", id="the one before is called first",
        ),
        pytest.param(
            [code(_FIRST, "step:a"), code(f"{_SECOND}\n{_FIRST}\nprint(cut('a b'))", "step:b")],
            "['a', 'b']\n", id="bound twice in one step",
        ),
        pytest.param(
            [code("n = 1\ndef f():\n    return n", "step:a"), code("n = 2\nprint(f())", "step:b"),
             code("def f():\n    return 0\nprint(f())", "step:c")],
            "2\n0\n", id="it reads what is bound anew",
        ),
        pytest.param(
            [code("def f(k):\n    return k and f(k - 1)", "step:a"), code("g = f\ndef f(k):\n    return 'new'\nprint(g(3))", "step:b")],
            "new\n", id="it calls itself by a name that is bound anew",
        ),
        pytest.param(
            [code("def g():\n    return f()\ndef f():\n    return 1", "step:a"),
             code("print(g())\ndef f():\n    return 2\nprint(g())", "step:b"), code("print(g())", "step:c")],
            "1\n2\n2\n", id="another calls it by its name",
        ),
        pytest.param(
            [code("def f():\n    return f.calls\nf.calls = 3", "step:a"), code("print(f())", "step:b"),
             code("def f():\n    return 0\nprint(f())", "step:c")],
            "3\n0\n", id="it is changed",
        ),
        pytest.param(
            [code("def f():\n    return list((1, 2))", "step:a"), code("print(f())", "step:b"),
             code("list = tuple\ndef f():\n    return list((3,))\nprint(f())", "step:c")],
            "[1, 2]\n(3,)\n", id="it reads what is one of Python's own at first",
        ),
    ],
)  # fmt: skip
def test_what_would_mean_something_else_there_does_not(cells: list[dict[str, Any]], shown: str, tmp_path: Path) -> None:
    done = run(package(write(tmp_path / "notebook.ipynb", cells), tmp_path / "project"), tmp_path)
    assert (done.stdout, done.stderr) == (shown, "")


def test_versions_tell_of_it(tmp_path: Path) -> None:
    """The functions of one name are told apart by their steps."""
    cells = [
        code(_FIRST, "step:a"),
        code("print(cut('a b'))", "step:b"),
        code(_SECOND, "step:c"),
        code("print(cut('a,b'))", "step:d"),
    ]
    made = api.package(api.compile_notebook(api.load(str(write(tmp_path / "notebook.ipynb", cells)))), "made")
    api.write_package(made, tmp_path / "project")
    assert [(f.name, Path(f.file).stem) for f in made.draft.record.functions] == [("a.cut", "a"), ("c.cut", "c")]
