"""What a cell's last expression shows, the package shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from nb2pipe import api
from nb2pipe.replay.verify import Settings
from tests.making import code, write
from tests.package.making import package, run


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("1, 2", "(1, 2)"),
        ("1,", "(1,)"),
        ("(1, 2)", "(1, 2)"),
        ("(1), (2)", "(1, 2)"),
        ("*[1], 2", "(1, 2)"),
        ("[1]", "[1]"),
    ],
)
def test_a_tuple_is_one_value(source: str, shown: str, tmp_path: Path) -> None:
    path = write(tmp_path / "notebook.ipynb", [source])
    done = run(package(path, tmp_path / "project"), tmp_path)
    assert done.stdout.strip() == shown


@pytest.mark.parametrize("tags", [(), ("raises-exception",)])
def test_a_function_that_is_handed_on_keeps_its_name(tags: tuple[str, ...], tmp_path: Path) -> None:
    cells = [
        "rate = 2",
        "def price(x):\n    return x * rate",
        code("kept = [price]\nprint(price.__name__, str(kept).partition(' at')[0], list(map(price, [1, 2])))", *tags),
    ]
    path = write(tmp_path / "notebook.ipynb", cells)
    done = run(package(path, tmp_path / "project"), tmp_path)
    assert done.stdout.strip() == "price [<function price [2, 4]"


def test_a_script_gives_nothing_that_it_was_only_lent(tmp_path: Path) -> None:
    """A star that fails might have bound `display`, as IPython's own preambles do."""
    (tmp_path / "preamble.py").write_text("from IPython.display import display, nothing_of_this_name\n")
    cells = [code("from preamble import *", "raises-exception"), "display(3)\n4"]
    compiled = api.compile_notebook(api.load(str(write(tmp_path / "nb.ipynb", cells))), "cells:1")
    api.write_package(api.package(compiled), tmp_path / "out")
    report = api.verify(compiled, tmp_path / "out", Settings())
    assert report.verdict == "EQUAL", (report.differences, report.unknown)


def _verdict(folder: Path, *cells: object) -> api.Report:
    compiled = api.compile_notebook(api.load(str(write(folder / "notebook.ipynb", list(cells)))), "cells:1")  # type: ignore[arg-type]
    api.write_package(api.package(compiled), folder / "out")
    return api.verify(compiled, folder / "out", Settings())


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param(['q = """\n  a,\n    \n  b  \n"""', "print(q.splitlines())"], id="blanks"),
        pytest.param(['  q = """\n  a\n   b\n  """\n  r = 3', "print(q.splitlines())"], id="indented"),
        pytest.param(['!true\nq = """\n  a\n   \n  """', "print(q.splitlines())"], id="beside a command"),
        pytest.param([code('q = """a\n    \nb"""', "parameters"), "print(q.splitlines())"], id="parameter"),
    ],
)
def test_a_text_has_the_blanks_that_ipython_leaves(cells: list[object], tmp_path: Path) -> None:
    report = _verdict(tmp_path, *cells)
    assert (report.verdict, report.differences) == ("EQUAL", ())


def test_what_an_object_has_itself_shown_as(tmp_path: Path) -> None:
    made = "class A:\n    def _repr_mimebundle_(self, include=None, exclude=None):\n        return {text!r}\na = A()"
    bundles = ({"text/plain": "short"}, ({"text/plain": "with more"}, {}))
    cells = [made.replace("{text!r}", repr(b)) + "\na" for b in bundles]
    report = _verdict(tmp_path, *cells, "from IPython.display import display\ndisplay(a)")
    assert (report.verdict, report.differences) == ("EQUAL", ())


def test_display_that_is_imported_in_a_cell_that_fails_or_stays_a_script(tmp_path: Path) -> None:
    cells = [
        code("from IPython.display import display, HTML\n1/0", "raises-exception"),
        "def f():\n    global n\n    n = 2\nn = 1\nfrom IPython.display import display\ndisplay('a')\nHTML('b')",
        "from IPython.display import HTML, display\ndisplay('c', n)",
    ]
    report = _verdict(tmp_path, *cells)
    assert (report.verdict, report.differences) == ("EQUAL", ())


def test_a_command_that_mentions_what_a_failed_cell_has_not_bound(tmp_path: Path) -> None:
    cells = [
        code("x = 1 / 0", "raises-exception"),
        "y = 2\n!echo a {x} {y}",
        code("!echo {y} $x\nz = 3", "raises-exception"),
        "!echo {z} $z",
    ]
    report = _verdict(tmp_path, *cells)
    assert (report.verdict, report.differences) == ("EQUAL", ())
