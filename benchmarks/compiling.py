"""What the commands cost that run nothing: `--help`, and `graph` of notebooks of growing size."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import notebooks
from benchmarks.measure import Row, alternate, cpu, wall

_NB2PIPE = [sys.executable, "-m", "nb2pipe"]


def measure(rounds: int) -> Iterator[Row]:
    """The rows of this file."""
    bare, help_ = alternate(
        max(rounds, 5), lambda: wall([sys.executable, "-c", "pass"]), lambda: wall([*_NB2PIPE, "--help"])
    )
    yield Row("`--help`", f"{help_ * 1000:.0f} ms ({help_ / bare:.1f} x bare Python)", "<= 100 ms", help_ <= 0.1)
    with tempfile.TemporaryDirectory() as folder:
        sizes = (20, 200, 1000, 5000)
        paths = [notebooks.write(Path(folder) / f"n{n}.ipynb", notebooks.mixed(n)) for n in sizes]
        times = alternate(rounds, *(lambda p=p: cpu([*_NB2PIPE, "graph", str(p), "--format", "json"]) for p in paths))
    limits = {20: 0.2, 5000: 3.0}
    for size, time in zip(sizes, times, strict=True):
        limit = limits.get(size)
        goal = f"<= {limit:g} s" if limit else ""
        yield Row(f"`graph` of {size} cells", f"{time:.3f} s CPU, {time / size * 1000:.2f} ms a cell", goal,
                  limit is None or time <= limit)  # fmt: skip
    growth = ((times[3] - times[2]) / 4000) / ((times[2] - times[0]) / 980)
    yield Row("a cell's cost at 5,000 over its cost at 1,000", f"{growth:.2f}", "<= 1.5 (linear)", growth <= 1.5)
