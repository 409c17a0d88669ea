"""What it costs to turn a notebook into code: `compile`, beside marimo, soorgeon and Kale where they are installed.

Kale turns only tagged cells into steps, so that it is given tags, each step behind the one before. It has 20 cells only:
500 have not ended after 400 s. A peer that fails on them has no row: soorgeon takes the `x` of `sum(x * x for x in ...)` for a
variable that an earlier section should declare.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks import notebooks
from benchmarks.measure import Row, alternate, installed, wall

_LIMITS = {20: 0.3, 500: 2.0}


class _Peer(NamedTuple):
    """Another program: its arguments, and the longest notebook that it is given."""

    program: str
    arguments: list[str]
    most: int = 500


_PEERS = {
    "marimo convert": _Peer("marimo", ["-y", "convert", "nb.ipynb", "-o", "out.py"]),
    "soorgeon refactor": _Peer("soorgeon", ["refactor", "nb.ipynb"]),
    "kale": _Peer("kale", ["--nb", "tagged.ipynb", "--pipeline_name", "nb", "--experiment_name", "nb"], most=20),
}


def measure(rounds: int) -> Iterator[Row]:
    """The rows of this file."""
    for cells, limit in _LIMITS.items():
        with tempfile.TemporaryDirectory() as root:
            notebooks.write(Path(root) / "nb.ipynb", notebooks.mixed(cells))
            notebooks.write(Path(root) / "tagged.ipynb", notebooks.mixed(cells), notebooks.chain(cells))
            mine = [sys.executable, "-m", "nb2pipe", "compile", "nb.ipynb", "-o", "out"]
            peers = {n: p for n, p in _PEERS.items() if cells <= p.most}
            theirs = {n: [found, *p.arguments] for n, p in peers.items() if (found := installed(p.program))}
            actions = {n: _fresh(Path(root), c) for n, c in {"nb2pipe": mine, **theirs}.items()}
            able = [n for n in actions if n == "nb2pipe" or _works(actions[n])]
            times = dict(zip(able, alternate(max(rounds, 3), *(actions[n] for n in able)), strict=True))
        took = times["nb2pipe"]
        yield Row(f"`compile` of {cells} cells", f"{took:.3f} s", f"<= {limit:g} s", took <= limit)
        for name in able[1:]:
            yield Row(f"{name} of {cells} cells", f"{times[name]:.3f} s, {times[name] / took:.1f} x", "", holds=True)


def _fresh(source: Path, command: list[str]) -> Callable[[], float]:
    """The seconds of a command in a new folder that holds the notebooks of ``source``."""

    def run() -> float:
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(source, folder, dirs_exist_ok=True)
            (Path(folder) / ".nb2pipe").mkdir()
            return wall(command, cwd=folder)

    return run


def _works(action: Callable[[], float]) -> bool:
    try:
        action()
    except (OSError, subprocess.CalledProcessError):
        return False
    return True
