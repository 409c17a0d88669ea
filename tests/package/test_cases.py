"""The package of every dependency case, and of hand-made and found ones, prints what the notebook prints, and its annotations are true."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nb2pipe.diagnostics import Refused
from tests.making import code, write
from tests.package.making import package, plain, run_checked

TESTS = Path(__file__).parents[1]
CASES = json.loads((TESTS / "cases" / "dependencies.json").read_text("utf-8"))
LANGUAGE = json.loads((TESTS / "execute" / "regressions" / "language.json").read_text("utf-8"))
FOUND = json.loads((TESTS / "execute" / "regressions" / "random_notebooks.json").read_text("utf-8"))

REFUSED = {  # what IPython remembers of earlier cells, and magics that have no form in plain Python
    "user_ns", "out_history", "magic_with_a_computed_line", "history_after_display", "history_of_the_last_display",
    "captured_cells_show_nothing", "precision_is_numpys_too", "precision_before_numpy", "precision_behind_numpy",
    "out_of_several_steps", "out_bound_anew", "underscore_perhaps_bound", "displayed-class", "what the notebook binds to _ itself stays, whatever is shown",
    "what is shown before a cell that fails is changed after it", "what may be None leaves the last value shown",
}  # fmt: skip
OTHER = {
    "magic_time_cell": "prints times",
    "abc_register": "shows the module of a class, which is the package's",
    "class_made_in_a_function": "shows the module of a class, which is the package's",
    "failing_cell_binds_only_so_far": "an error goes to stderr",
    "failing_cell_keeps_the_first_of_two": "an error goes to stderr",
    "a_seed_that_may_not_be_set": "an error goes to stderr",
    "xmode_for_a_failing_cell": "an error goes to stderr",
    "methods_of_what_is_not_known_in_loops_of_cells_that_fail": "an error goes to stderr",
    "a base that may be one class or another": "an error goes to stderr",
    "captured_failure": "an error goes to stderr",
    "captured_await": "a kernel refuses what plain Python can do",
    "display_asks_for_attributes": "only Jupyter asks an object for pictures of itself",
}


@pytest.mark.parametrize("case", [*CASES, *LANGUAGE, *FOUND], ids=lambda c: c["name"])
def test_the_package_prints_what_the_notebook_prints(case: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    path = write(folder / "notebook.ipynb", [code(c["source"], *c["tags"]) for c in case["cells"]])
    split = None if "deps" in case else "cells:1"
    if case["name"] in REFUSED:
        with pytest.raises(Refused, match="NB801"):
            package(path, tmp_path / "project", split)
        return
    done = run_checked(package(path, tmp_path / "project", split), folder)
    assert done.returncode == 0 or case["name"] in OTHER, done.stderr
    wanted = "\n".join(text for text in case["outputs"] if text)
    if case["name"] not in OTHER:
        assert plain(done.stdout) == plain(wanted)
