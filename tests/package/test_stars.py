"""A star import becomes an import of the names that are read, where these are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nb2pipe import api
from nb2pipe.analysis import modules
from nb2pipe.replay.verify import Settings
from tests.making import code, write


def _package(cells: list[Any], folder: Path, split: str | None = "cells:1") -> str:
    """The text of the package's steps, functions and scripts; it computes what the notebook does."""
    compiled = api.compile_notebook(api.load(str(write(folder / "nb.ipynb", cells))), split)
    made = api.package(compiled, "made")
    api.write_package(made, folder / "out")
    report = api.verify(compiled, folder / "out", Settings())
    assert report.verdict == "EQUAL", (report.differences, report.unknown)
    own = ("src/made/steps", "src/made/functions", "src/made/scripts")
    return "\n".join(content.decode() for path, content in made.tree.files if path.startswith(own))


def test_the_names_that_are_read_are_imported(tmp_path: Path) -> None:
    cells = [
        "from math import *\nimport json",
        "def area(r):\n    return pi * r ** 2",
        "print(round(area(sqrt(2)), 6), json.dumps([floor(e)]))",
    ]
    text = _package(cells, tmp_path)
    assert "from math import e, floor, sqrt\n" in text
    assert "from math import pi\n" in text
    assert "import *" not in text


def test_functions_that_nothing_calls_have_their_names(tmp_path: Path) -> None:
    cells = ["from math import *\nfrom numpy import *", "def f(x):\n    return sum(tan(x))", "print(1)"]
    assert "from numpy import sum, tan\n" in _package(cells, tmp_path)


def test_of_two_stars_the_last_counts(tmp_path: Path) -> None:
    cells = [
        "from math import *\nfrom numpy import *",
        "print(sqrt(array([4.0, 9.0])).tolist(), gcd(4, 6), degrees(pi))",
    ]
    assert "from numpy import array, degrees, gcd, pi, sqrt\n" in _package(cells, tmp_path)


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param(["from math import *", "print(sqrt(4))", "def sqrt(x):\n    return 'mine'", "print(sqrt(4))"], id="bound anew"),
        pytest.param(["from math import *", "e = e + 1\nprint(round(e, 3))"], id="read and bound anew"),
        pytest.param(["from math import *\nprint(sqrt(4))\nfrom cmath import *", "print(sqrt(4))"], id="read between two"),
        pytest.param(["from math import sqrt\nfrom cmath import *", "print(sqrt(4))"], id="bound by an import before"),
        pytest.param(["from math import sqrt", "from cmath import *", "print(sqrt(4))"], id="bound by an import in another cell"),
        pytest.param(["from math import *", "try:\n    from cmath import *\nexcept ImportError:\n    pass", "print(sqrt(4))"],
                     id="bound anew inside of a statement"),
        pytest.param(["import json\nfrom json import *", "print(json.dumps(1), loads('2'))"], id="not bound by the star"),
        pytest.param(["pow = 3\nfrom math import *\nprint(pow(2, 3))"], id="bound before"),
        pytest.param(["sum([1])\nfrom numpy import *", "print(sum([[1, 2], [3, 4]]))"], id="one of Python's own"),
        pytest.param([code("print(sqrt(4))", "raises-exception"), "from math import *", "print(sqrt(4))"], id="read too early"),
        pytest.param([code("print(math.pi)", "raises-exception"), "import math", "print(math.pi)"], id="a module read too early"),
        pytest.param(["def f():\n    return math.pi", code("f()", "raises-exception"), "import math", "print(f())"],
                     id="a module read too early by a function"),
    ],
)  # fmt: skip
def test_they_mean_what_they_meant(cells: list[Any], tmp_path: Path) -> None:
    _package(cells, tmp_path)


def test_a_star_stays_where_its_module_has_more_than_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that is installed, and that loads what it is asked for, as `lazy_loader` has it."""
    library = tmp_path / "library"
    (library / "lazily").mkdir(parents=True)
    (library / "lazily" / "__init__.py").write_text(
        "def _attach():\n    return (lambda name: 7, ['later', 'said'])\n__getattr__, __all__ = _attach()\nsaid = 3\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(library))
    monkeypatch.setattr(modules, "installed_paths", lambda: (library,))
    assert "from lazily import *" in _package(["from lazily import *", "print(later, said)"], tmp_path)


def test_a_step_with_the_name_of_one_has_another(tmp_path: Path) -> None:
    cells = [
        code("from math import *", "step:all"),
        code("x = sqrt(4)", "step:sqrt"),
        code("print(x, sqrt(9))", "step:show"),
    ]
    assert "def sqrt_()" in _package(cells, tmp_path, None)


@pytest.mark.parametrize("last", ["print(eval('sq' + 'rt(4)'))", "exec('print(sqrt(4))')"])
def test_a_star_stays_where_names_may_be_read_that_stand_in_no_text(last: str, tmp_path: Path) -> None:
    assert "from math import *" in _package(["from math import *", last], tmp_path)


def test_pylab(tmp_path: Path) -> None:
    text = _package(
        ["%pylab inline", "x = linspace(0, 1, 3)\nplot(x, np.sin(x))", "title('end')\nprint(x.sum())"], tmp_path
    )
    for line in ("import numpy as np", "from matplotlib.pylab import plot, title", "from numpy import linspace"):
        assert f"{line}\n" in text
