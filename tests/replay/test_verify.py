"""Notebooks and packages compared from end to end: equal where they are, and where not the first place is told."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from nb2pipe import api
from nb2pipe.diagnostics import UsageError
from nb2pipe.replay.kernel import NotebookFails
from nb2pipe.replay.model import Difference, Unknown
from nb2pipe.replay.verify import Settings
from tests.making import code
from tests.package.test_samples import SAMPLES
from tests.replay.making import changed, project, verified

FRAME = [
    "import pandas as pd\nsales = pd.DataFrame({'region': ['N', 'S', 'N'], 'net': [1.0, 2.0, 4.0]})",
    "total = sales.groupby('region')['net'].sum()\nprint('regions:', len(total))",
    "share = total / total.sum()\nshare.round(2)",
]


@pytest.mark.parametrize(
    ("name", "counts"),
    [  # the seventh, churn_training, is verified by tests/test_readme.py
        ("ab_test.py", (5, 5, 0)),
        ("energy_forecast.ipynb", (16, 7, 1)),
        ("house_prices_kale.ipynb", (8, 6, 0)),
        ("monte_carlo_pricing.ipynb", (5, 6, 1)),
        ("monthly_sales_report.ipynb", (8, 7, 3)),
        ("orders_etl.ipynb", (6, 7, 0)),
    ],
)
def test_a_sample_is_equal(name: str, counts: tuple[int, int, int], tmp_path: Path) -> None:
    subject = api.compile_notebook(api.load(str(SAMPLES / name)))
    made = api.package(subject, "made")
    api.write_package(made, tmp_path / "project")
    before = {p: p.stat().st_mtime_ns for p in SAMPLES.rglob("*")}
    report = api.verify(subject, tmp_path / "project", Settings())
    assert (report.verdict, report.differences, report.unknown) == ("EQUAL", (), ())
    assert (report.values, report.outputs, report.figures) == counts
    in_one_process = ["connection"] if name == "orders_etl.ipynb" else []
    assert [re.search(r"gives (\w+)", note)[1] for note in report.notes] == in_one_process
    assert {p: p.stat().st_mtime_ns for p in SAMPLES.rglob("*")} == before, "it runs in copies of the folder"


def test_a_changed_number_is_told_with_its_row_and_column(tmp_path: Path) -> None:
    report = verified(tmp_path, FRAME, ("4.0", "4.5"))
    assert report.verdict == "DIFFERS"
    assert report.differences[0] == Difference("cell_1", "sales", "row 2, column net", "4.0", "4.5")
    assert Difference("cell_2", "total", "row N", "5.0", "5.5") in report.differences
    assert Difference("cell_3", "<output>", "line 2", "N    0.71", "N    0.73") in report.differences
    assert [d.name for d in report.differences if d.step == "cell_2"] == ["total"], "what it prints is the same"


def test_rtol(tmp_path: Path) -> None:
    cells = ["x = 0.1 + 0.2", "y = [x, 1]\nprint(len(y))", "print(y)"]
    report = verified(tmp_path, cells, ("0.1 + 0.2", "0.3"))
    assert [d[:3] for d in report.differences[:2]] == [("cell_1", "x", ""), ("cell_2", "y", "[0]")]
    subject, folder = (
        api.compile_notebook(api.load(str(tmp_path / "work/notebook.ipynb")), "cells:1"),
        tmp_path / "project",
    )
    assert api.verify(subject, folder, Settings(rtol=1e-9)).differences == report.differences[2:]


def test_printed_text_and_errors(tmp_path: Path) -> None:
    cells: list[dict[str, Any] | str] = [
        "x = 1\nprint('one')\nprint('two')",
        "print(x)",
        code("[][x]", "raises-exception"),
    ]
    report = verified(tmp_path, cells)
    assert (report.verdict, report.outputs) == ("EQUAL", 3)
    changed(tmp_path / "project", "'two'", "'too'")
    changed(tmp_path / "project", "[][x]", "{}[x]", next(_scripts(tmp_path)))
    subject = api.compile_notebook(api.load(str(tmp_path / "work/notebook.ipynb")), "cells:1")
    assert api.verify(subject, tmp_path / "project", Settings()).differences == (
        Difference("cell_1", "<output>", "line 2", "two", "too"),
        Difference("cell_3", "<error>", "", "IndexError: list index out of range", "no such error"),
    )


def _scripts(folder: Path) -> Any:
    made = folder / "project/src/made"
    return (p.relative_to(made).as_posix() for p in (made / "scripts").glob("*.py"))


def test_changed_figures(tmp_path: Path) -> None:
    drawn = "plt.figure(figsize=(1, 1))\nplt.plot(x)\nplt.show()\nplt.figure(figsize=(1, 1))\nplt.bar([0], [{}])\nplt.show()"
    cells = [
        "%config InlineBackend.figure_format = 'retina'\nimport matplotlib.pyplot as plt\nx = [0, 1]",
        drawn.format(1),
        drawn.format(2),
    ]
    subject, folder = project(tmp_path, cells)
    report = api.verify(subject, folder, Settings())
    assert (report.verdict, report.figures) == ("EQUAL", 4)
    changed(folder, "plt.bar([0], [1])", "plt.bar([0], [1], color='red')")
    changed(folder, "    plt.bar([0], [2])\n    plt.show()\n", "    plt.close()\n")
    one, *others = api.verify(subject, folder, Settings()).differences
    assert one[:2] == ("cell_2", "<figure 2>")
    assert one.where.startswith("pixel (")
    assert one.expected != one.actual
    assert Difference("cell_3", "<figures>", "", "2", "1") in others


def test_what_the_notebook_does_not_determine_is_unknown_and_nothing_else(tmp_path: Path) -> None:
    cells = [
        "import os\nx = int.from_bytes(os.urandom(16), 'big')\ny = 3",
        "z = y + 1\nprint('now', x)\nprint('fixed', z)",
        "print(x > 2, z)",
    ]
    report = verified(tmp_path, cells)
    assert report.verdict == "UNKNOWN"
    assert report.differences == ()
    assert [u[:2] for u in report.unknown] == [("cell_1", "x"), ("cell_2", "<output>")]
    changed(tmp_path / "project", "y + 1", "y + 2")
    subject = api.compile_notebook(api.load(str(tmp_path / "work/notebook.ipynb")), "cells:1")
    report = api.verify(subject, tmp_path / "project", Settings())
    assert report.verdict == "DIFFERS"
    assert report.differences[:2] == (
        Difference("cell_2", "z", "", "4", "5"),
        Difference("cell_2", "<output>", "line 2", "fixed 4", "fixed 5"),
    )
    assert [u[:2] for u in report.unknown] == [("cell_1", "x"), ("cell_2", "<output>")]


RANDOM = [
    "import random\nimport numpy as np\nx = random.random()\na = np.random.rand(3)",
    "b = np.random.default_rng().normal(size=2) + x\nprint('drawn', b)\nprint('fixed', len(b))",
    "import scipy.stats  # draws numbers itself, and in the package before the first cell\nc = np.random.default_rng().random() + a",
]


def test_random_numbers_are_compared_where_both_begin_with_one_seed(tmp_path: Path) -> None:
    report = verified(tmp_path, RANDOM)
    assert report.verdict == "EQUAL", (report.differences, report.unknown)
    assert report.notes == (
        "step cell_1: each run of the notebook gives another `x`, `a`; equal where both begin with one seed and one clock",
        "step cell_2: each run of the notebook gives another <output>; equal where both begin with one seed and one clock",
        "step cell_3: each run of the notebook gives another `c`; equal where both begin with one seed and one clock",
    )


TIMED = [
    "import time\nfrom datetime import datetime",
    "began = time.time()\nstamp = datetime.now().strftime('%Y%m%d%H%M%S%f')",
    "time.sleep(0.01)\ntook = time.perf_counter() - began\nprint(f'{time.time() - began} s')",
]


def test_times_are_compared_where_both_have_one_clock(tmp_path: Path) -> None:
    report = verified(tmp_path, TIMED)
    assert report.verdict == "EQUAL", (report.differences, report.unknown)
    assert [note.partition(";")[0] for note in report.notes] == [
        "step cell_2: each run of the notebook gives another `began`, `stamp`",
        "step cell_3: each run of the notebook gives another `took`, <output>",
    ]
    (tmp_path / "other").mkdir()
    report = verified(tmp_path / "other", TIMED, ("time.sleep(0.01)", "time.sleep(0.02)"))
    assert report.verdict == "UNKNOWN"
    assert [u[:2] for u in report.unknown] == [("cell_3", "took"), ("cell_3", "<output>")]


@pytest.mark.parametrize(
    ("old", "new", "unknown"),
    [("x = random.random()", "x = random.uniform(0, 2)", "x"), ("rand(3)", "rand(3) / 2", "a")],
)
def test_random_numbers_that_are_others_stay_unknown(old: str, new: str, unknown: str, tmp_path: Path) -> None:
    report = verified(tmp_path, RANDOM, (old, new))
    assert report.verdict == "UNKNOWN"
    assert ("cell_1", unknown) in [u[:2] for u in report.unknown]


def test_what_is_wrong_beside_random_numbers_differs(tmp_path: Path) -> None:
    report = verified(tmp_path, RANDOM, ("len(b)", "len(b) + 1"))
    assert [d[:2] for d in report.differences] == [("cell_2", "<output>")]


def test_what_cannot_leave_its_process_is_compared_in_one(tmp_path: Path) -> None:
    cells = [
        "double = lambda x: 2 * x\nlines = iter([1, 2])\ncount = 3",
        "print(double(3), next(lines), count)",
        "kept = count",
    ]
    report = verified(tmp_path, cells)
    assert report.verdict == "EQUAL"
    (note,) = report.notes
    assert "cell_1" in note
    assert note.endswith("it was compared in one process only")


def test_what_has_no_portrait_is_unknown_and_nothing_else(tmp_path: Path) -> None:
    cells = [
        "import threading\nlock = threading.Lock()\nnumbers = [1]",
        "with lock:\n    numbers.append(2)",
        "print(numbers)",
    ]
    report = verified(tmp_path, cells)
    assert report.verdict == "UNKNOWN"
    assert report.differences == ()
    assert {u.name for u in report.unknown} == {"lock"}
    assert "lock" in report.unknown[0].reason


def test_the_default_of_a_step_that_others_may_call(tmp_path: Path) -> None:
    report = verified(
        tmp_path,
        [code("rate = 2.0", "parameters"), "x = 3 * rate", "print(x)"],
        ("rate: float = 2.0", "rate: float = 3.0"),
    )
    assert report.differences == (Difference("cell_2", "<default rate>", "", "2.0", "3.0"),)


def test_a_value_that_a_later_step_changes(tmp_path: Path) -> None:
    cells = ["a = [1]", "b = len(a)\na.append(b)", "print(b)"]
    report = verified(tmp_path, cells, ("a.append(b)", "a.append(7)"))
    assert report.differences == (Difference("cell_1", "a", "at the end, [1]", "1", "7"),)


def test_the_probe_leaves_the_notebook_as_it_is(tmp_path: Path) -> None:
    cells = [
        "import random, numpy as np\nrandom.seed(1)\nnp.random.seed(1)\nbefore = len(dir())\nx = 1",
        "y = x + 1\nprint(random.random(), np.random.rand())",
        "print(len(dir()) - before, sorted(n for n in dir() if not n.startswith('_')) if y else '')",
    ]
    subject, folder = project(tmp_path, cells)
    from nb2pipe.notebook.read import read_document
    from nb2pipe.replay.kernel import Probe, replay
    from nb2pipe.replay.place import a_place

    del folder
    document = read_document(subject.notebook.path)
    with a_place(subject.folder) as place:
        probed = replay(document, place, [Probe(c, str(c), ("x", "y", "np")) for c in range(3)])
        plain = replay(document, place, [])
    assert [o["text"] for os in probed.outputs.values() for o in os] == [
        o["text"] for os in plain.outputs.values() for o in os
    ]
    assert [len(probed.values[str(c)]) for c in range(3)] == [3, 3, 3]


def test_a_package_that_fails(tmp_path: Path) -> None:
    report = verified(tmp_path, ["x = 1", "print(x)"], ("print(x)", "print(x / 0)"))
    assert report.verdict == "DIFFERS"
    assert (
        Difference("cell_2", "<run>", "", "it ends well", "ZeroDivisionError: division by zero") in report.differences
    )


def test_a_package_that_does_not_end(tmp_path: Path) -> None:
    report = verified(tmp_path, ["x = 1", "print(x)"], ("print(x)", "while x: pass"), timeout=4)
    assert Difference("cell_2", "<run>", "", "it ends well", "it has not ended after 4 s") in report.differences


def test_cells_that_no_package_shows(tmp_path: Path) -> None:
    report = verified(tmp_path, ["x = 1", "%who\nprint(x)"])
    assert report.verdict == "UNKNOWN"
    assert [u[:2] for u in report.unknown] == [("cell_2", "<output>")]
    assert "`%who`" in report.unknown[0].reason


def test_cells_that_only_tell_of_the_session_are_noted(tmp_path: Path) -> None:
    report = verified(tmp_path, ["x = 1", "%timeit -n 1 -r 1 x + 1\n%who\nnot_there?", "print(x)"])
    assert (report.verdict, report.unknown) == ("EQUAL", ())
    assert report.notes == (
        "cell 2 is no part of the package (`%timeit -n 1 -r 1 x + 1` tells of the session); what it shows was not compared",
    )


def test_how_far_a_cell_is_is_noted(tmp_path: Path) -> None:
    cell = """
from rich.console import Console
from rich.progress import track
for x in track(range(3), console=Console(stderr=True)):
    pass
print(x)
"""
    report = verified(tmp_path, [cell])
    assert (report.verdict, report.differences, report.unknown) == ("EQUAL", (), ())
    assert report.notes == ("cell 1 shows in a widget how far it is; what stood there was not compared",)
    (tmp_path / "other").mkdir()
    assert verified(tmp_path / "other", [cell], ("print(x)", "print(x + 1)")).verdict == "UNKNOWN"


def test_what_sympy_prints(tmp_path: Path) -> None:
    cells = [
        "import sympy\nfrom sympy.abc import x\nsympy.init_printing(order='rev-lex')",
        "e = (x + sympy.pi) ** 2 / 3\ne",
        "[e, sympy.Rational(4, 5), 1.5]",
        "f = {x: e, 2: (x, 1)}\nf",
        "(e, 'text', True)",
        "print(e)\nsympy.Matrix([[1, x], [2, 3]])",
    ]
    report = verified(tmp_path, cells)
    assert (report.verdict, report.differences, report.unknown, report.notes) == ("EQUAL", (), (), ())


def test_what_commands_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", shutil.which("bash") or "")
    cells = [
        "folder = '.'\nname = 'note'",
        "%%writefile note.txt\none",
        "%%writefile {folder}/{name}.txt\ntwo",
        "!echo said; echo told >&2; cat note.txt; echo -e 'a\\tb' {1..3} ${#name}",
        "listed = !echo -e 'a\\tb' {{1..3}}\nprint(listed)",
        "def tell(word):\n    !echo $word {word * 2} '$word' >&2\ntell('again')",
        "print(open('note.txt').read())",
        "cat note.txt",
        "cd sub",
    ]
    (tmp_path / "work/sub").mkdir(parents=True)
    report = verified(tmp_path, cells)
    assert (report.verdict, report.differences, report.outputs) == ("EQUAL", (), 9)
    assert "Overwriting" in (tmp_path / "project/src/made/steps.py").read_text("utf-8")


def test_what_a_failing_cell_does_not_come_to_is_not_bound(tmp_path: Path) -> None:
    cells = [
        "x = found = 0",
        code("import json\n1 / 0\nimport math\ndef two():\n    return 2", "raises-exception"),
        code("import nb2pipe_has_no_such_module as other\nx = 1", "raises-exception"),
        code("x = math.floor(1.5)", "raises-exception"),
        code("x = two()", "raises-exception"),
        code("other.thing\nx = 3", "raises-exception"),
        code("maker = 1 / 0", "raises-exception"),
        "def made():\n    try:\n        return maker\n    except NameError:\n        return 5",
        code("y = 1\ny = made()", "raises-exception"),
        "found = json.loads('4')",
        "print(x, y, found)",
    ]
    report = verified(tmp_path, cells)
    assert (report.verdict, report.differences, report.unknown) == ("EQUAL", (), ())


def test_what_a_command_arranges_for_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "work/folder").mkdir(parents=True)
    for name in ("first", "second"):
        (tmp_path / "work" / name).touch()
    report = verified(tmp_path, ["x = 1", "ls", "help_of = 2\ndef f(): ...\nhelp(f)"])
    assert (report.verdict, report.differences, report.unknown) == ("EQUAL", (), ())
    assert [n.partition(",")[0] for n in report.notes] == ["cell 2 runs a command"]


def test_what_a_command_shows_at_a_terminal_only(tmp_path: Path) -> None:
    asks = "if [ -t 1 ]; then echo one by one; else echo at once; fi"
    cells = ["x = 1", f"print(x)\n!{asks}; echo $RANDOM", "print(2)"]
    report = verified(tmp_path, ["x = 1", f"print(x)\n!{asks}", "print(2)"])
    assert (report.verdict, report.differences, report.unknown) == ("EQUAL", (), ())
    assert [n.partition(";")[0] for n in report.notes] == [
        "step cell_2: its commands show other things at a terminal, or each time"
    ]
    (tmp_path / "other").mkdir()
    assert verified(tmp_path / "other", cells, ("print(x)", "print(x + 1)")).verdict == "DIFFERS"


def test_what_an_install_beside_other_code_shows_is_left_out(tmp_path: Path) -> None:
    cells = ["x = 1", "!pip install --no-index nosuch\nif x:\n    !pip install --no-index nosuch\nprint(x)"]
    report = verified(tmp_path, cells)
    assert (report.verdict, report.differences, report.unknown) == ("EQUAL", (), ())
    (tmp_path / "other").mkdir()
    assert verified(tmp_path / "other", cells, ("print(x)", "print(x + 1)")).verdict != "EQUAL"


def test_draws_are_compared_beside_an_install_over_several_lines(tmp_path: Path) -> None:
    cells = ["! pip install --no-index \\\n      nosuch \\\n   other", "import random\ny = random.random()", "print(y)"]
    report = verified(tmp_path, cells)
    assert (report.verdict, report.differences, report.unknown) == ("EQUAL", (), ())


def test_unique_names_are_compared(tmp_path: Path) -> None:
    cells = [
        "import uuid\nrun, job = str(uuid.uuid4()), uuid.uuid1()",
        "from uuid import uuid4",
        "print(run, job, uuid4())",
    ]
    report = verified(tmp_path, cells)
    assert (report.verdict, report.differences, report.unknown) == ("EQUAL", (), ())
    (tmp_path / "other").mkdir()
    assert verified(tmp_path / "other", cells, ("str(uuid.uuid4())", "str(uuid.uuid4())[:8]")).verdict != "EQUAL"


def test_a_seed_that_a_package_lacks_is_told_beside_random_numbers(tmp_path: Path) -> None:
    cells = ["import random\ny = random.random()", "random.seed(0)", "z = random.random()"]
    report = verified(tmp_path, cells, ("random.seed(0)", "None"))
    assert report.verdict == "DIFFERS"
    assert [d[:2] for d in report.differences] == [("cell_3", "z")]


@pytest.mark.parametrize("changed_line", ["'one', 'two'", "'two', 'one'"])
def test_what_stands_around_a_command_is_compared_by_line(changed_line: str, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    for name in ("first", "second"):
        (tmp_path / "work" / name).touch()
    step = "step:all"
    cells = [
        code("print('one', 'two')", step), code("!ls", step), code("print('three')\nprint('four')", step),
    ]  # fmt: skip
    report = verified(tmp_path, cells, ("'one', 'two'", changed_line))
    assert report.verdict == ("EQUAL" if changed_line == "'one', 'two'" else "DIFFERS")


def test_what_only_sets_up_the_environment_is_noted(tmp_path: Path) -> None:
    cells = [
        code("print(1)", "step:all"),
        code("!pip install --no-index nosuch", "step:all"),
        code("%matplotlib nosuch", "step:all", "raises-exception"),
        code("print(2)", "step:all"),
    ]
    report = verified(tmp_path, cells)
    assert (report.verdict, report.differences, report.unknown) == ("EQUAL", (), ())
    assert [n.partition("; ")[0] for n in report.notes] == [
        "cell 2 is no part of the package (`!pip install --no-index nosuch` is for the environment)",
        "cell 3 is no part of the package (`%matplotlib nosuch` is for the environment)",
    ]
    (tmp_path / "other").mkdir()
    assert verified(tmp_path / "other", cells, ("print(2)", "print(3)")).verdict == "DIFFERS"


def test_a_figure_of_a_cell_that_fails(tmp_path: Path) -> None:
    cells = [
        "import matplotlib.pyplot as plt",
        code("plt.plot([1, 2])\n1 / 0", "raises-exception", "step:drawn"),
        code("plt.plot([2, 1])", "step:drawn"),
    ]
    report = verified(tmp_path, cells)
    assert (report.verdict, report.differences, report.figures) == ("EQUAL", (), 2)


def test_figures_of_names_that_nothing_is_known_of(tmp_path: Path) -> None:
    """Each cell's figure is shown at its end, whatever way what draws has come into the notebook."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "preamble.py").write_text("import matplotlib.pyplot\nglobals()['plt'] = matplotlib.pyplot\n")
    cells = [
        "%matplotlib inline\nfrom preamble import *\nimport pandas as pd",
        code("plt.plot([1, 2])", "step:drawn"),
        code("pd.Series([2, 1]).plot()", "step:drawn"),
        code("plt.plot([1, 1])", "step:drawn"),
    ]
    report = verified(tmp_path, cells)
    assert (report.verdict, report.differences, report.figures) == ("EQUAL", (), 3)


def test_a_script_that_fails_leaves_its_cell_to_go_on(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "script.py").write_text("a = 1\nraise ValueError('no data')\nb = 2\n")
    cells = ["import matplotlib.pyplot as plt", "plt.plot([1, 2])", "%run script.py\nprint(a, 'b' in globals())"]
    report = verified(tmp_path, cells)
    assert (report.verdict, report.differences) == ("EQUAL", ())
    (tmp_path / "other").mkdir()
    shutil.copytree(tmp_path / "work", tmp_path / "other" / "work")
    subject, made = project(tmp_path / "other", cells)
    changed(made, "print(a,", "print(a + 1,", "scripts/cell_3.py")
    assert [(d.step, d.name) for d in api.verify(subject, made, Settings()).differences] == [("cell_3", "<output>")]


def test_an_array_that_nobody_has_filled(tmp_path: Path) -> None:
    cells = ["import numpy as np", "np.empty(3)", "x = np.empty(2)\nx[:] = 1\nx"]
    report = verified(tmp_path, cells, ("np.empty(3)", "np.ones(3)"), ("x[:] = 1", "x[:] = 2"))
    assert report.unknown == (Unknown("cell_2", "<output>", "cell 2 shows an array that nobody has filled"),)
    assert {d.step for d in report.differences} == {"cell_3"}


def test_a_cell_that_is_no_python_is_in_no_package(tmp_path: Path) -> None:
    cells = [
        "x = 1",
        code("a$b <- c(1)", "raises-exception"),
        "print(x)",
        code("y = 2\n%timeit -n 1 -r 1 1 / 0", "raises-exception"),
    ]
    report = verified(tmp_path, cells)
    assert report.differences == ()
    left_out = "cell 4 has `%timeit -n 1 -r 1 1 / 0`, of which no package shows anything"
    assert report.unknown == (Unknown("cell_4", "<error>", left_out),)
    assert report.notes == (
        "cell 2 is no part of the package (it is no Python, and fails); what it shows was not compared",
    )


def test_a_limit_may_have_a_fraction_of_a_second(tmp_path: Path) -> None:
    assert verified(tmp_path, ["print(1)"], timeout=59.5).verdict == "EQUAL"


def test_a_notebook_that_fails(tmp_path: Path) -> None:
    with pytest.raises(NotebookFails, match="cell 2 of the notebook fails: ZeroDivisionError: division by zero"):
        verified(tmp_path, ["x = 1", "print(x / 0)"])


def test_cells_that_were_moved_since_are_found(tmp_path: Path) -> None:
    subject, folder = project(tmp_path, ["x = 1", "print(x)"])
    path = Path(subject.notebook.path)
    document = json.loads(path.read_text("utf-8"))
    document["cells"].insert(0, {"cell_type": "markdown", "id": "new", "metadata": {}, "source": "# Title"})
    path.write_text(json.dumps(document), "utf-8")
    again = api.compile_notebook(api.load(str(path)), "cells:1")
    assert api.verify(again, folder, Settings()).verdict == "EQUAL"


def test_a_step_that_somebody_has_added(tmp_path: Path) -> None:
    subject, folder = project(tmp_path, ["x = 1", "print(x)"])
    changed(folder, "def cell_1(", "def extra():\n    return 5\n\n\ndef cell_1(")
    changed(folder, "    Step(cell_1", '    Step(extra, gives=("five",)),\n    Step(cell_1', "pipeline.py")
    changed(folder, "import cell_1", "import extra, cell_1", "pipeline.py")
    report = api.verify(subject, folder, Settings())
    assert report.unknown == (Unknown("extra", "five", "no cell of the notebook is known to belong to this step"),)


@pytest.mark.parametrize("what", ["nothing", "other", "broken"])
def test_a_folder_that_holds_no_package(what: str, tmp_path: Path) -> None:
    subject, folder = project(tmp_path, ["x = 1", "print(x)"])
    if what == "nothing":
        shutil.rmtree(folder)
    elif what == "other":
        (folder / "nb2pipe.lock.json").write_text("[]")
    else:
        changed(folder, "def cell_1(", "def cell_1((")
    with pytest.raises(
        UsageError, match={"nothing": "holds no package", "other": "no lock file", "broken": "SyntaxError"}[what]
    ):
        api.verify(subject, folder, Settings())
