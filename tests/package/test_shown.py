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
