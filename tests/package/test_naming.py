"""The names of packages and of their steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from nb2pipe.diagnostics import Refused, UsageError
from tests.making import code, text, write
from tests.package.making import package, run


def test_a_step_may_be_named_as_a_keyword_is(tmp_path: Path) -> None:
    path = write(
        tmp_path / "n.ipynb",
        [code("x = 1", "step:finally"), code("y = x + 1", "step:run"), code("print(y)", "step:script")],
    )
    assert run(package(path, tmp_path / "p"), tmp_path).stdout == "2\n"


def test_a_step_hides_nothing_of_python(tmp_path: Path) -> None:
    path = write(
        tmp_path / "n.ipynb", [text("## List"), "x = list(range(3))", text("## Sum"), "print(sum(x), list('ab'))"]
    )
    assert run(package(path, tmp_path / "p"), tmp_path).stdout == "3 ['a', 'b']\n"


@pytest.mark.parametrize("name", ["My-Pipeline", "1st", "json", "numpy", "class"])
def test_a_name_that_cannot_be(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", [code("import numpy as np\nprint(np.pi)")])
    with pytest.raises(UsageError, match="did you mean"):
        package(path, tmp_path / "p", name=name)


def test_a_notebook_named_as_a_module_is(tmp_path: Path) -> None:
    path = write(tmp_path / "json.ipynb", [code("print(1)")])
    package(path, tmp_path / "p", name="made")
    from nb2pipe import api

    assert api.package(api.compile_notebook(api.load(str(path)))).name == "json_pipeline"


def test_a_module_beside_the_notebook_keeps_its_name(tmp_path: Path) -> None:
    """In the notebook's folder ``python -m NAME`` would run that one."""
    from nb2pipe import api

    path = write(tmp_path / "sales.ipynb", [code("print(1)")])
    compiled = api.compile_notebook(api.load(str(path)))
    assert api.package(compiled).name == "sales"
    (tmp_path / "sales.py").write_text("")
    assert api.package(compiled).name == "sales_pipeline"
    with pytest.raises(UsageError, match="stands beside the notebook; did you mean sales_pipeline"):
        api.package(compiled, "sales")


def test_what_stands_beside_the_parameters_is_refused(tmp_path: Path) -> None:
    path = write(
        tmp_path / "n.ipynb",
        [code("import random\nSEED = 3\nrandom.seed(SEED)", "parameters"), code("print(random.random())")],
    )
    with pytest.raises(Refused, match="NB801"):
        package(path, tmp_path / "p")


def test_imports_beside_the_parameters(tmp_path: Path) -> None:
    path = write(
        tmp_path / "n.ipynb", [code("import math\nx = 4.0  # a number", "parameters"), code("print(math.sqrt(x))")]
    )
    source = package(path, tmp_path / "p")
    assert run(source, tmp_path).stdout == "2.0\n"
    assert run(source, tmp_path, "--x", "9").stdout == "3.0\n"


def test_files_changed_by_hand_are_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", [code("print(1)")])
    package(path, tmp_path / "p")
    steps = tmp_path / "p" / "src" / "made" / "steps.py"
    steps.write_text(steps.read_text("utf-8") + "# mine\n", "utf-8")
    with pytest.raises(UsageError, match=r"src/made/steps\.py"):
        package(path, tmp_path / "p")
    assert steps.read_text("utf-8").endswith("# mine\n")
    (tmp_path / "q").mkdir()
    (tmp_path / "q" / "thesis.tex").write_text("mine")
    with pytest.raises(UsageError, match="something else"):
        package(path, tmp_path / "q")


def test_a_default_that_is_computed(tmp_path: Path) -> None:
    cell = "from datetime import date\nday: str = str(\n    date(2026, 1, 2)\n)\nsizes = [1_000,\n         2]\n"
    path = write(tmp_path / "n.ipynb", [code(cell, "parameters"), code("print(day, sizes)")])
    source = package(path, tmp_path / "p")
    assert run(source, tmp_path).stdout == "2026-01-02 [1000, 2]\n"
    assert run(source, tmp_path, "--day", "x").stdout == "x [1000, 2]\n"


def test_a_parameter_that_is_computed_from_another(tmp_path: Path) -> None:
    cell = "import math\nstart = 4  # first\nend = start + 30\nname = f'{start}-{end}'\nroot = math.sqrt(end + 2)"
    path = write(tmp_path / "n.ipynb", [code(cell, "parameters"), code("print(start, end, name, root)")])
    source = package(path, tmp_path / "p")
    assert run(source, tmp_path).stdout == "4 34 4-34 6.0\n"
    assert run(source, tmp_path, "--start", "5").stdout == "5 34 4-34 6.0\n"  # as papermill's injected cell has it
    assert run(source, tmp_path, "--end", "5", "--name", "x").stdout == "4 5 x 6.0\n"


@pytest.mark.parametrize(
    "cell",
    ["a = [1]\nb = a", "import math\na = math.sqrt(4)\nb = a", "a = 1\nb = [a for a in (a,)]", "a = 1\nb = lambda: a"],
)
def test_a_parameter_that_shares_another_is_refused(cell: str, tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", [code(cell, "parameters"), code("print(a, b)")])
    with pytest.raises(Refused, match="NB801"):
        package(path, tmp_path / "p")


def test_a_step_hides_nothing_of_the_notebook(tmp_path: Path) -> None:
    cells = [text("## Train"), "def train(x):\n    return x + 1\ny = train(2)", text("## Math"), "import math\nz = math.floor(2.5)",
             text("## Display"), "y", text("## Show"), "print(y, z, train(1))"]  # fmt: skip
    path = write(tmp_path / "n.ipynb", cells)
    assert run(package(path, tmp_path / "p"), tmp_path).stdout == "3\n3 2 2\n"
