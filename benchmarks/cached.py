"""A run all of whose steps are cached, as a whole command: of ten steps, and of a thousand of which each rests on the one before."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks import notebooks
from benchmarks.measure import Row, alternate, wall


def measure(rounds: int) -> Iterator[Row]:
    """The rows of this file."""
    for label, sources, goal in (
        ("ten steps", notebooks.ten_steps("pass"), 0.3),
        ("1,000 steps", notebooks.trivial(1000), 1.5),
    ):
        with tempfile.TemporaryDirectory() as folder:
            path = notebooks.write(Path(folder) / "nb.ipynb", sources)
            command = [sys.executable, "-m", "nb2pipe", "run", str(path), "--cache"]
            first = wall(command)
            (again,) = alternate(max(rounds, 3), partial(wall, command))
        yield Row(
            f"{label}, all cached", f"{again:.2f} s; the first run {first:.1f} s", f"<= {goal:g} s", again <= goal
        )
