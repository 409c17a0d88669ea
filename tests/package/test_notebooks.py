"""Stock papermill runs the steps' notebooks one after another, and the values are those of the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat

from tests.making import code, write
from tests.package.making import package, run


def _papermill(notebook: Path, source: Path, cwd: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a notebook; what it has shown goes to a notebook beside it."""
    command = [sys.executable, "-m", "papermill", str(notebook), str(notebook.with_suffix(".out.ipynb")), *options]
    environment = {**os.environ, "PYTHONPATH": str(source), "PYTHONWARNINGS": "ignore"}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def _values(folder: Path) -> dict[str, bytes]:
    files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    return {path: content for path, content in files.items() if path.endswith((".json", ".npy", ".pickle"))}


def test_papermill_gives_the_values_of_the_command_line(tmp_path: Path) -> None:
    cells = [
        code("rate = 0.5  # a year", "parameters"),
        code("import pandas as pd\nsales = pd.DataFrame({'net': [1.0, 2.0, 4.0]})\nsales.head()", "step:load"),
        code("grown = sales['net'] * (1 + rate)\nmean, counted = float(grown.mean()), {'n': len(grown)}", "step:grow"),
        code("import matplotlib.pyplot as plt\nplt.plot(grown)\nplt.show()\nprint(mean, counted)", "step:draw"),
    ]
    (tmp_path / "work").mkdir()
    source = package(write(tmp_path / "work/n.ipynb", cells), tmp_path / "project")
    notebooks = sorted((tmp_path / "project/notebooks").glob("0*.ipynb"))
    assert len(notebooks) == 3
    for notebook in notebooks:
        nbformat.validate(nbformat.read(notebook, nbformat.NO_CONVERT))
        done = _papermill(notebook, source, tmp_path / "work", "-p", "run_dir", str(tmp_path / "papermill"))
        assert done.returncode == 0, done.stderr
        step = notebook.stem.partition("_")[2]
        assert run(source, tmp_path / "work", "--step", step, "--run-dir", str(tmp_path / "command")).returncode == 0
    assert len(_values(tmp_path / "papermill")) > 3
    assert _values(tmp_path / "papermill") == _values(tmp_path / "command")
    shown = [nbformat.read(n.with_suffix(".out.ipynb"), 4).cells[-1].outputs for n in notebooks]
    assert any("text/html" in o.get("data", {}) for outputs in shown for o in outputs)
    assert any("image/png" in o.get("data", {}) for outputs in shown for o in outputs)


def test_parameters_and_refusals(tmp_path: Path) -> None:
    path = write(
        tmp_path / "n.ipynb",
        [
            code("n = 3  # how many", "parameters"),
            code("xs = list(range(n))", "step:make"),
            code("print(sum(xs))", "step:use"),
        ],
    )
    source = package(path, tmp_path / "p")
    make, use = sorted((tmp_path / "p/notebooks").glob("0*.ipynb"))
    missing = _papermill(use, source, tmp_path)
    assert missing.returncode == 1
    assert "step make has to run first" in missing.stderr
    wrong = _papermill(make, source, tmp_path, "-p", "n", "many")
    assert wrong.returncode == 1
    assert "parameter n: expected int" in wrong.stderr
    assert _papermill(make, source, tmp_path, "-p", "n", "5").returncode == 0
    assert _papermill(use, source, tmp_path).returncode == 0
    assert nbformat.read(use.with_suffix(".out.ipynb"), 4).cells[-1].outputs[0].text == "10\n"
