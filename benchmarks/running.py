"""Whole runs, against papermill: a pipeline of ten steps against ten notebooks, one notebook of 200 cells."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import notebooks
from benchmarks.measure import Row, alternate, quiet, wall

_IMPORTS = "import pandas as pd\nimport sklearn.linear_model"


def measure(rounds: int) -> Iterator[Row]:
    """The rows of this file."""
    for label, imports, goal in (
        ("trivial steps", "pass", 30.0),
        ("steps that import pandas and sklearn", _IMPORTS, 10.0),
    ):
        with tempfile.TemporaryDirectory() as folder:
            ratio, ours, theirs = _ten(Path(folder), imports, rounds)
        yield Row(
            f"ten {label}",
            f"{ours:.2f} s; ten papermill runs {theirs:.1f} s: {ratio:.1f} x",
            f">= {goal:g} x",
            ratio >= goal,
        )
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        path = notebooks.write(place / "long.ipynb", notebooks.trivial(200))
        ours, theirs = alternate(
            rounds, lambda: _nb2pipe(path, place, "--split", "cells:200"), lambda: _papermill(path, place)
        )
    yield Row("a notebook of 200 cells", f"{ours:.2f} s; papermill {theirs:.1f} s: {theirs / ours:.1f} x", ">= 20 x",
              theirs / ours >= 20)  # fmt: skip


def _ten(folder: Path, imports: str, rounds: int) -> tuple[float, float, float]:
    sources = notebooks.ten_steps(imports)
    whole = notebooks.write(folder / "ten.ipynb", sources)
    # each as papermill would run it: a notebook of its own, what it needs written in it
    needs = "; ".join(["a = 1", *(f"b{i} = a + {i}" for i in range(8))])
    parts = [notebooks.write(folder / f"p{i}.ipynb", [needs, s]) for i, s in enumerate(sources)]
    ours, theirs = alternate(rounds, lambda: _nb2pipe(whole, folder), lambda: sum(_papermill(p, folder) for p in parts))
    return theirs / ours, ours, theirs


def _nb2pipe(path: Path, folder: Path, *options: str) -> float:
    output = folder / "ours.ipynb"
    return wall([sys.executable, "-m", "nb2pipe", "run", str(path), "-o", str(output), *options], str(folder))


def _papermill(path: Path, folder: Path) -> float:
    output = folder / "theirs.ipynb"
    command = [sys.executable, "-m", "papermill", str(path), str(output), "--no-progress-bar"]
    return wall(command, str(folder), quiet())
