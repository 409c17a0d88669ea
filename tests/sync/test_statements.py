"""Each way in which a package writes a cell's statement is followed back, when the statement was edited."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from nb2pipe import api
from tests.making import code, text
from tests.sync.making import compiled_again, on_disk, project

TITLE = text("# one")


class Case(NamedTuple):
    """Cells, an edit of a file, and the texts of the cells that come of it, by position."""

    cells: tuple[dict[str, Any] | str, ...]
    path: str
    old: str
    new: str
    expected: dict[int, str]


CASES = {
    "a constant": Case((TITLE, "x = 1\nprint(x)"), "steps.py", "x = 1", "x = 2", {1: "x = 2\nprint(x)"}),
    "the layout of the rest stays": Case(
        (TITLE, "x  =  [1,\n   2]\n\n\ny = (x)  # why\nprint(y , x)"), "steps.py", "2]", "3]",
        {1: "x  =  [1,\n   3]\n\n\ny = (x)  # why\nprint(y , x)"},
    ),
    "lines of a string": Case(
        (TITLE, 'x = """a\n  b\n"""\nprint(x)'), "steps.py", "  b\n", "  c\n    d\n",
        {1: 'x = """a\n  c\n    d\n"""\nprint(x)'},
    ),
    "a block": Case(
        (TITLE, "for i in range(3):\n    if i:\n        print(i)"), "steps.py", "print(i)", "print(-i)\n            print(i)",
        {1: "for i in range(3):\n    if i:\n        print(-i)\n        print(i)"},
    ),
    "letters of more than one byte": Case(
        (TITLE, "é = 'ü'; print(é)"), "steps.py", "é = 'ü'", "é = 'öö'", {1: "é = 'öö'\nprint(é)"}
    ),
    "what is shown": Case(
        (TITLE, "x = [1]\nx"), "steps.py", "display(x)", "display(x + [2])", {1: "x = [1]\nx + [2]"}
    ),
    "what is shown in several lines": Case(
        (TITLE, "x = [1]\nx"), "steps.py", "display(x)", "display(\n        x + [2],\n    )",
        {1: "x = [1]\ndisplay(\n    x + [2],\n)"},
    ),
    "shown no more": Case((TITLE, "x = [1]\nprint(x)\nx[0]"), "steps.py", "display(x[0])", "x[0]", {1: "x = [1]\nprint(x)\nx[0];"}),
    "a statement behind what is shown": Case(
        (TITLE, "x = [1]\nx"), "steps.py", "display(x)", "display(x)\n    print(x)", {1: "x = [1]\ndisplay(x)\nprint(x)"}
    ),
    "an expression at the end shows nothing": Case(
        (TITLE, "x = [1]\nprint(x)"), "steps.py", "print(x)", "print(x)\n    len(x)", {1: "x = [1]\nprint(x)\nlen(x);"}
    ),
    "the end is deleted": Case(
        (TITLE, "x = [1]\nlen(x)\nprint(x)"), "steps.py", "    print(x)\n", "", {1: "x = [1]\nlen(x);"}
    ),
    "a semicolon stays": Case((TITLE, "x = [1]\nprint(x)\nx;"), "steps.py", "    x\n", "    x[0]\n", {1: "x = [1]\nprint(x)\nx[0];"}),
    "a comment above": Case(
        (TITLE, "x = 1\n\n# old\nprint(x)"), "steps.py", "# old", "# new\n    # and more", {1: "x = 1\n\n# new\n# and more\nprint(x)"}
    ),
    "a comment beside": Case((TITLE, "x = 1  # old\nprint(x)"), "steps.py", "# old", "# new", {1: "x = 1  # new\nprint(x)"}),
    "a comment below": Case((TITLE, "x = 1\nprint(x)\n# old"), "steps.py", "# old", "# new", {1: "x = 1\nprint(x)\n# new"}),
    "a comment is deleted": Case((TITLE, "x = 1\n# old\nprint(x)"), "steps.py", "    # old\n", "", {1: "x = 1\nprint(x)"}),
    "one of two on a line": Case((TITLE, "x = 1; y = 2\nprint(x, y)"), "steps.py", "y = 2", "y = 3", {1: "x = 1\ny = 3\nprint(x, y)"}),
    "between two on a line": Case(
        (TITLE, "x = 1; y = 2\nprint(x, y)"), "steps.py", "x = 1\n", "x = 1\n    x += 1\n", {1: "x = 1\nx += 1\ny = 2\nprint(x, y)"}
    ),
    "a statement is added in the first of two cells": Case(
        (TITLE, "x = 1", "print(x)"), "steps.py", "x = 1\n", "x = 1\n    x += 1\n", {1: "x = 1\nx += 1"}
    ),
    "a statement is added in the second of two cells": Case(
        (TITLE, "x = 1", "print(x)"), "steps.py", "print(x)", "x += 1\n    print(x)", {2: "x += 1\nprint(x)"}
    ),
    "a paragraph between two cells": Case(
        (TITLE, "x = 1", "print(x)"), "steps.py", "x = 1\n", "x = 1\n\n    # more\n    x += 1\n", {1: "x = 1\n\n# more\nx += 1"}
    ),
    "a paragraph behind what is shown": Case(
        (TITLE, "x = [1]\nx", "print(x)"), "steps.py", "display(x)\n", "display(x)\n\n    x += [2]\n", {2: "x += [2]\n\nprint(x)"}
    ),
    "behind a comment that was Markdown": Case(
        (TITLE, "x = 1", text("Then *say* it."), "print(x)"), "steps.py", "    print(x)", "    x += 1\n    print(x)", {3: "x += 1\nprint(x)"}
    ),
    "before a comment that was Markdown": Case(
        (TITLE, "x = 1", text("Then *say* it."), "print(x)"), "steps.py", "x = 1", "x = 1\n    x += 1", {1: "x = 1\nx += 1"}
    ),
    "figures are shown between cells": Case(
        (TITLE, "import matplotlib.pyplot as plt\nplt.plot([1]);", "print(1)"), "steps.py", "[1])", "[2])",
        {1: "import matplotlib.pyplot as plt\nplt.plot([2]);"},
    ),
    "a function": Case(
        (TITLE, "def twice(x):\n    # so\n    return 2 * x\n\nprint(twice(1))"), "functions.py", "2 * x", "x + x",
        {1: "def twice(x):\n    # so\n    return x + x\n\nprint(twice(1))"},
    ),
    "a function with values of the notebook": Case(
        ("rate = 2\nmore = 1", TITLE, "def price(x):\n    return x * rate + more\n\nprint(price(1))"), "functions.py", "x * rate", "rate * x",
        {2: "def price(x):\n    return rate * x + more\n\nprint(price(1))"},
    ),
    "a signature with values of the notebook": Case(
        ("rate = 2", TITLE, "def price(x, **more):\n    return x * rate\n\nprint(price(1))"), "functions.py", "price(x,", "price(x=1,",
        {2: "def price(x=1, **more):\n    return x * rate\n\nprint(price(1))"},
    ),
    "a call of a function with values of the notebook": Case(
        ("rate = 2", TITLE, "def price(x):\n    return x * rate\n\nprint(price(1), price(x=2,))"), "steps.py", "price(1,", "price(10,",
        {2: "def price(x):\n    return x * rate\n\nprint(price(10), price(x=2,))"},
    ),
    "a call with what a generator makes": Case(
        ("rate = 2", TITLE, "def price(xs):\n    return sum(xs) * rate\n\nprint(price(x for x in [1]))"), "steps.py", "[1]", "[1, 2]",
        {2: "def price(xs):\n    return sum(xs) * rate\n\nprint(price((x for x in [1, 2])))"},
    ),
    "a function with values of the notebook that is handed on": Case(
        ("rate = 2", TITLE, "def price(x):\n    return x * rate\n\nprint(list(map(price, [1])))"), "steps.py", "[1]", "[1, 2]",
        {2: "def price(x):\n    return x * rate\n\nprint(list(map(price, [1, 2])))"},
    ),
    "a new function": Case(
        (TITLE, "def twice(x):\n    return 2 * x\n\nprint(twice(1))"), "functions.py", "return 2 * x",
        "return double(x)\n\n\n# so\ndef double(x):\n    return 2 * x",
        {1: "def twice(x):\n    return double(x)\n\n\n# so\ndef double(x):\n    return 2 * x\n\nprint(twice(1))"},
    ),
    "the time of a cell": Case(
        (TITLE, "%%time\nx = 1\nprint(x)"), "steps.py", "x = 1", "x = 2", {1: "%%time\nx = 2\nprint(x)"}
    ),
    "the time of a line": Case((TITLE, "%time x = 1\nprint(x)"), "steps.py", "x = 1", "x = 2", {1: "%time x = 2\nprint(x)"}),
    "a command becomes Python": Case(
        (TITLE, "!echo a\nprint(1)"), "steps.py", "check=False", "check=True",
        {1: "import os\nimport subprocess\nsubprocess.run('echo a', shell=True, executable=os.environ.get('SHELL'), "
            "stderr=subprocess.STDOUT, check=True)\nprint(1)"},
    ),
    "a magic beside an edit": Case((TITLE, "!echo a\nprint(1)"), "steps.py", "print(1)", "print(2)", {1: "!echo a\nprint(2)"}),
    "a parameter": Case(
        (code("rate = 1.5  # so\nname: str = 'a'", "parameters"), TITLE, "print(rate, name)"), "parameters.py", "1.5", "2.5",
        {0: "rate = 2.5  # so\nname: str = 'a'"},
    ),
    "the help of a parameter": Case(
        (code("rate = 1.5  # so", "parameters"), TITLE, "print(rate)"), "parameters.py", '"so"', '"thus"', {0: "rate = 1.5  # thus"}
    ),
    "a script": Case(
        (TITLE, "x = 1\nexec('y = x')\nprint(y)"), "scripts/one.py", "x = 1", "x = 2", {1: "x = 2\nexec('y = x')\nprint(y)"}
    ),
    "a second cell of a script": Case(
        (TITLE, "exec('y = 1')", "print(y)"), "scripts/one.py", "print(y)", "y += 1\nprint(y)", {2: "y += 1\nprint(y)"}
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_an_edit_is_followed_back(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    made = project(tmp_path, case.cells)
    before = made.sources()
    made.edit(case.path, case.old, case.new)
    synced = made.sync()
    assert not synced.comparison.uncarried, synced.comparison.diff
    api.write_synced(synced)
    assert made.sources() == [case.expected.get(n, source) for n, source in enumerate(before)]
    wanted, got = on_disk(made), compiled_again(made)
    assert {p for p in got if got[p] != wanted.get(p)} == {*synced.comparison.follows}


def test_imports_follow_what_is_used(tmp_path: Path) -> None:
    cells = (
        TITLE,
        "import json\nfrom math import floor, ceil",
        text("# two"),
        "print(json.dumps(floor(1.5)), ceil(1.5))",
    )
    made = project(tmp_path, cells)
    made.edit("steps.py", "import json\nfrom math import ceil, floor", "import math\nimport os\nfrom math import ceil")
    made.edit("steps.py", "json.dumps(floor(1.5))", "os.sep, math.pi")
    synced = made.sync()
    assert not synced.comparison.uncarried, synced.comparison.diff
    api.write_synced(synced)
    assert made.sources()[1] == "from math import ceil\nimport math\nimport os"


def test_an_import_of_something_else_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    made = project(tmp_path, (TITLE, "from math import floor as cut", text("# two"), "print(cut(1.5))"))
    made.edit("steps.py", "floor as cut", "ceil as cut")
    api.write_synced(made.sync())
    assert made.sources()[1] == "from math import ceil as cut"


def test_parameters_come_and_go(tmp_path: Path) -> None:
    made = project(tmp_path, (code("a = 1\nb = 2", "parameters"), TITLE, "print(a)"))
    made.edit("parameters.py", "    b: int = 2", "    c: float = 3.0\n    d: str | None = None")
    synced = made.sync()
    assert not synced.comparison.uncarried, synced.comparison.diff
    api.write_synced(synced)
    assert made.sources()[0] == "a = 1\nc = 3.0\nd: str | None = None"


@pytest.mark.parametrize(
    ("path", "old", "new", "says"),
    [
        ("pipeline.py", "Step(two", "Step(one), Step(two", "pipeline.py"),
        ("_runtime/_timer.py", "def timed", "def times", "nb2pipe's own"),
        ("steps.py", "def two(x: int)", "def two(x: int, y=1)", "steps.py"),
        ("steps.py", "return x", "return x, x", "steps.py"),
        ("steps.py", "Markdown", "Prose", "steps.py"),
        ("steps.py", "x = 1", "x = = 1", "no Python"),
        ("__main__.py", "main(PIPELINE)", "main(PIPELINE, 1)", "every package"),
    ],
)
def test_what_no_cell_can_have_is_said(path: str, old: str, new: str, says: str, tmp_path: Path) -> None:
    made = project(tmp_path, (text("# one"), "x = 1", text("# two\n\nMarkdown."), "print(x)"))
    text_of = made.file(path).read_text("utf-8")
    assert old in text_of
    made.file(path).write_text(text_of.replace(old, new, 1), "utf-8")
    uncarried = made.sync().comparison.uncarried
    assert any(says in f"{d.path} {d.text}" for d in uncarried), uncarried


def test_new_files_and_deleted_ones_are_said(tmp_path: Path) -> None:
    made = project(tmp_path, (TITLE, "print(1)"))
    made.file("more.py").write_text("x = 1\n", "utf-8")
    (made.folder / "uv.lock").write_text("", "utf-8")
    (made.folder / "README.md").unlink()
    found = {d.path for d in made.sync().comparison.uncarried}
    assert found == {"src/made/more.py", "README.md"}
    assert made.sync().merged.sources == {}


def test_a_name_that_would_reach_later_steps_is_not_carried_in_silence(tmp_path: Path) -> None:
    """In the package the new name stays in its function; in the notebook a later cell would read it."""
    made = project(tmp_path, (TITLE, "x = 1", text("# two"), "print(x)", text("# three"), "print(x + 1)"))
    made.edit("steps.py", "    print(x)\n", "    x = 5\n    print(x)\n")
    assert made.sync().comparison.uncarried


def test_steps_that_become_too_long_for_one_file_are_the_same_steps(tmp_path: Path) -> None:
    steps = [(text(f"# part {n}"), "import math\n" + f"print(math.pi, {n})\n" * 36) for n in range(4)]
    made = project(tmp_path, [cell for step in steps for cell in step])
    assert made.file("steps.py").is_file()
    made.edit("steps.py", "    print(math.pi, 1)\n" * 36, "    print(math.pi, 1)\n" * 60)
    synced = made.sync()
    assert synced.comparison[:2] == ((), ("src/made/steps", "pyproject.toml"))
    api.write_synced(synced)
    assert made.sources()[3].count("\n") == 61
    assert "src/made/steps/part_1.py" in compiled_again(made)


def test_a_tuple_is_not_taken_for_what_is_shown(tmp_path: Path) -> None:
    """`display(x,)` shows x; in a cell `x,` is a tuple."""
    made = project(tmp_path, (TITLE, "x = [1]\nx"))
    made.edit("steps.py", "display(x)", "display(x,)")
    api.write_synced(made.sync())
    assert made.sources()[1] == "x = [1]\ndisplay(x,)"


def test_a_script_whose_cells_look_like_more_is_told(tmp_path: Path) -> None:
    made = project(tmp_path, (TITLE, "exec('x = 1')\n# %% more\nprint(x)"))
    made.edit("scripts/one.py", "print(x)", "print(x, x)")
    assert [d.path for d in made.sync().comparison.uncarried] == ["src/made/scripts/one.py"]


def test_a_module_beside_the_notebook_is_edited_there(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("def f():\n    return 1\n", "utf-8")
    made = project(tmp_path, (TITLE, "from beside import f\nprint(f())"))
    made.edit("beside.py", "return 1", "return 2")
    [told] = made.sync().comparison.uncarried
    assert (told.line, told.text) == (2, "it is a copy of a module beside the notebook; edit that one")
