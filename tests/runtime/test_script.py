"""Parameters for a notebook that has got some in an earlier run: papermill writes over their cell, and so does a run."""

from __future__ import annotations

import json
from pathlib import Path

import papermill
import pytest

from nb2pipe.cli.main import main
from tests.making import code, shown, write

CELLS = [
    code("month = 1\nrate = 1", "parameters"),
    code("# Parameters\nmonth = 5\nrate = 5", "injected-parameters"),
    "print(month)",
    "print(month, rate)",
]


@pytest.mark.parametrize("split", ["cells:1", "cells:4"])
def test_what_was_set_before_is_forgotten(split: str, tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", CELLS)
    assert main(["run", str(path), "-p", "rate", "7", "--split", split, "-o", str(tmp_path / "ours.ipynb")]) == 0
    papermill.execute_notebook(str(path), str(tmp_path / "its.ipynb"), {"rate": 7}, progress_bar=False)
    found = []
    for name in ("ours", "its"):
        cells = json.loads((tmp_path / f"{name}.ipynb").read_text("utf-8"))["cells"]
        found.append([(c["source"], c["execution_count"], shown(c["outputs"])) for c in cells])
    assert found[0] == found[1]
    assert [text for _, _, text in found[0]] == ["", "", "1", "1 7"]


def test_what_was_set_before_holds_where_nothing_is_given(tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", CELLS)
    assert main(["run", str(path), "--split", "cells:1", "-o", str(tmp_path / "out.ipynb")]) == 0
    cells = json.loads((tmp_path / "out.ipynb").read_text("utf-8"))["cells"]
    assert [shown(c["outputs"]) for c in cells] == ["", "", "5", "5 5"]
