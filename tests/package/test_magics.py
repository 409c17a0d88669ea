"""Magics as plain Python: what IPython fills in, this fills in."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from IPython.utils.text import DollarFormatter

from nb2pipe import api
from nb2pipe.package.magics import NOTHING, NotPlainError, plain
from nb2pipe.replay.verify import Settings
from tests.making import code, write
from tests.package.making import run

NAMES: dict[str, Any] = {"a": "x y", "n": 3, "d": {"k": [1, 2.5]}, "s": slice(1), "q": "it's"}
TEXTS = (
    "echo plain", "echo {a}", "echo $a/{n}", "echo {n + 1} {d['k'][1:]}", "echo '$a' $a", "echo $$a", "awk '{print $1}' $a",
    "awk '{{print $1}}' $a", "echo {a} {unknown}", "echo $a $unknown", "echo $HOME", "echo {a!r} {n:2}", "echo ${a}",
    "echo $a.", "echo {", "echo }{a}", "echo {{}}", "echo {len(a)}", "echo {[i for i in d]}", "a\\tb {a}", 'e "{a}" \'{q}\'',
    "echo {}", "echo {0}", "find . -exec ls {} +", "echo $n$n {q!s}", "echo \\$a",
)  # fmt: skip


def _filled(text: str) -> str:
    """What IPython makes of it."""
    try:
        return DollarFormatter().vformat(text, [], dict(NAMES))
    except Exception:
        return text


@pytest.mark.parametrize("text", TEXTS)
def test_what_ipython_fills_in_is_filled_in(text: str) -> None:
    node = ast.parse(f"get_ipython().system({text!r})").body[0]
    made = ast.parse(plain(node, NAMES.keys()).text, mode="eval").body
    assert isinstance(made, ast.Call)
    assert eval(ast.unparse(made.args[0]), dict(NAMES)) == _filled(text)


@pytest.mark.parametrize("call", ["getoutput('ls')", "run_line_magic('sx', 'ls')"])
def test_a_list_of_lines_that_is_shown_is_refused(call: str) -> None:
    with pytest.raises(NotPlainError):
        plain(ast.parse(f"get_ipython().{call}").body[0], frozenset())
    assert "splitlines()" in plain(ast.parse(f"x = get_ipython().{call}").body[0], frozenset()).text


@pytest.mark.parametrize("text", ["cp $a.txt b", "echo {_}", "echo {Out[1]}", "echo {(m := 1)}", "echo $a\necho $n"])
def test_what_may_mean_something_else_is_refused(text: str) -> None:
    with pytest.raises(NotPlainError, match="a command"):
        plain(ast.parse(f"get_ipython().system({text!r})").body[0], NAMES.keys())


@pytest.mark.parametrize("first", ["import os", "x = 1"])
def test_what_magics_need_gives_no_name_to_the_notebook(first: str, tmp_path: Path) -> None:
    """Where nothing binds `os` the cells that read it fail, in a package as in a kernel."""
    cells = [
        first,
        code("print(os.sep)\nfound = !echo hi\nprint(found[0])", "raises-exception"),
        "!echo ho",
        "%%writefile os.txt\nos.sep",
        code("if True:\n    found = !echo hi\n    print(os.sep)", "raises-exception"),
    ]
    _is_equal(cells, tmp_path)


def test_what_packages_have_a_copy_of_takes_no_name_of_the_notebook(tmp_path: Path) -> None:
    cells = [
        "class Shown:\n    def __init__(self):\n        self.xs = [5]\n\n    def plot(self):\n        return 1",
        "display = Shown()\ndisplay.xs[0]",
        code("display.plot()\n1 / 0", "raises-exception"),
        "7",
        "%%capture captured\nprint(3)",
        "captured.stdout",
        "timed = 3",
        "%%time\nprint(timed)",
        "def show_figures():\n    return 'mine'\nshow_figures()",
        "from re import compile as os\nimport string as subprocess\n!echo ho",
        "class Path:\n    pass\nprint(os('a').pattern, subprocess.digits)",
        "%%writefile out.txt\nPath",
    ]
    _is_equal(cells, tmp_path)


def test_what_the_profiler_runs_is_run(tmp_path: Path) -> None:
    cells = [
        "%prun -q -l 5 xs = [3, 1]  # with a comment",
        "%%prun -s cumulative\n# in order\nxs.sort()\nfor x in xs:\n    print(x)",
        "print(xs)\nxs",
    ]
    made = api.package(api.compile_notebook(api.load(str(write(tmp_path / "n.ipynb", cells)))), "made")
    assert made.findings == ()
    assert "# in order\n    xs.sort()" in dict(made.tree.files)["src/made/steps.py"].decode()
    api.write_package(made, tmp_path / "project")
    assert run(tmp_path / "project" / "src", tmp_path).stdout == "1\n3\n[1, 3]\n[1, 3]\n"


def test_figures_are_shown_again_where_another_backend_was_chosen(tmp_path: Path) -> None:
    cells = [
        "import matplotlib\nmatplotlib.use('Agg')\nimport matplotlib.pyplot as plt",
        "plt.plot([1, 2])\nplt.close()",
        "%matplotlib inline\nprint(matplotlib.get_backend() == 'agg')\nplt.plot([2])",
        "plt.plot([3])",
        "plt.ioff()\nfigure = plt.figure()\n%matplotlib inline\nfigure.add_subplot()",
        code("figures_inline = 1\nmatplotlib.use('svg')\n%matplotlib inline\n1 / 0", "raises-exception"),
        "plt.plot([figures_inline])",
    ]
    steps = _is_equal(cells, tmp_path)
    assert steps.count("figures_inline()") == 2


def test_figures_are_shown_without_a_word_where_nothing_else_was_chosen(tmp_path: Path) -> None:
    cells = ["import matplotlib.pyplot as plt\nplt.style.use('ggplot')", "%matplotlib inline\nplt.plot([1])"]
    assert "figures_inline" not in _is_equal(cells, tmp_path)


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    cells = [
        "%matplotlib inline\nxs = [1]",
        "%timeit -n 1 -r 1 xs.append(2)",
        "if xs:\n    %watermark -v",
        "%%html\n<b>bold</b>",
        "!pip install that\nprint(xs)",
    ]
    made = api.package(api.compile_notebook(api.load(str(write(tmp_path / "n.ipynb", cells)))), "made")
    told = [
        (d.span.cell, d.span.line, d.message.partition(": only Jupyter shows it"))
        for d in made.findings
        if d.code == "NB803"
    ]
    assert [(cell, line, head, tail) for cell, line, (head, _, tail) in told] == [
        (1, 1, "`%timeit -n 1 -r 1 xs.append(2)` is left out", "; it may change `xs`, which stays as it was"),
        (2, 2, "`%watermark -v` is left out", ""),
        (3, 1, "`%%html` is left out", ""),
    ]


def test_an_extension_that_is_not_there_ends_a_cell_that_is_expected_to_fail(tmp_path: Path) -> None:
    cells = ["x = 1", code("%load_ext not_there\nx = 2", "raises-exception"), "%load_ext autoreload\nprint(x)"]
    _is_equal(cells, tmp_path)


def test_a_script_is_run_as_a_program_with_its_arguments(tmp_path: Path) -> None:
    script = "%%writefile a.py\nimport sys\nprint(sys.argv, __name__, __file__)\ny = len(sys.argv)"
    cells = [
        script, "%run a.py --n 5 --fast", "print(y)", code("%run not/there.py 3", "raises-exception"), "%run ./a.py",
        "print(y, __name__)",
    ]  # fmt: skip
    _is_equal(cells, tmp_path)


@pytest.mark.parametrize("text", ["-i a.py", "a.ipynb", "a.py *.csv", "a.py {x}", "a.py '1 2'", "a.py ~/b"])
def test_what_run_would_change_of_its_line_is_refused(text: str) -> None:
    with pytest.raises(NotPlainError, match="%run"):
        plain(ast.parse(f"get_ipython().run_line_magic('run', {text!r})").body[0], frozenset())


def _is_equal(cells: list[Any], folder: Path) -> str:
    """Whether the package computes the same; the text of its steps that are functions."""
    compiled = api.compile_notebook(api.load(str(write(folder / "nb.ipynb", cells))), "cells:1")
    made = api.package(compiled, "made")
    api.write_package(made, folder / "out")
    report = api.verify(compiled, folder / "out", Settings())
    assert report.verdict == "EQUAL", (report.differences, report.unknown)
    return dict(made.tree.files)["src/made/steps.py"].decode()


@pytest.mark.parametrize("name", ["autoreload", "storemagic"])
def test_an_extension_of_ipythons_own_is_always_there(name: str) -> None:
    node = ast.parse(f"get_ipython().run_line_magic('load_ext', '{name}')").body[0]
    assert plain(node, frozenset(), fails=True) == NOTHING
