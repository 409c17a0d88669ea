"""What it costs to turn a notebook into code: `compile`, beside marimo and soorgeon where they are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import notebooks
from benchmarks.measure import Row, alternate, wall

_LIMITS = {20: 0.3, 500: 2.0}
_PEERS = {
    "marimo convert": ("marimo", ["convert", "nb.ipynb", "-o", "out.py", "-y"]),
    "soorgeon refactor": ("soorgeon", ["refactor", "nb.ipynb"]),
}


def measure(rounds: int) -> Iterator[Row]:
    """The rows of this file."""
    for cells, limit in _LIMITS.items():
        with tempfile.TemporaryDirectory() as root:
            source = notebooks.write(Path(root) / "nb.ipynb", notebooks.mixed(cells))
            mine = [sys.executable, "-m", "nb2pipe", "compile", "nb.ipynb", "-o", "out"]
            commands = {"nb2pipe": mine, **{n: [p, *a] for n, (w, a) in _PEERS.items() if (p := _installed(w))}}
            actions = {n: _fresh(source, c) for n, c in commands.items()}
            able = [n for n in actions if n == "nb2pipe" or _works(actions[n])]
            times = dict(zip(able, alternate(max(rounds, 3), *(actions[n] for n in able)), strict=True))
        took = times["nb2pipe"]
        yield Row(f"`compile` of {cells} cells", f"{took:.3f} s", f"<= {limit:g} s", took <= limit)
        for name in able[1:]:
            yield Row(f"{name} of {cells} cells", f"{times[name]:.3f} s, {times[name] / took:.1f} x", "", holds=True)


def _installed(program: str) -> str | None:
    """A peer's program, from the environment that `make bench` has made for them."""
    found = Path(os.environ.get("PEERS_BIN", "")) / program
    return str(found) if os.environ.get("PEERS_BIN") and found.exists() else None


def _fresh(source: Path, command: list[str]) -> Callable[[], float]:
    """The seconds of a command in a new folder that holds the notebook."""

    def run() -> float:
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(source, folder)
            (Path(folder) / ".nb2pipe").mkdir()
            return wall(command, cwd=folder)

    return run


def _works(action: Callable[[], float]) -> bool:
    try:
        action()
    except (OSError, subprocess.CalledProcessError):
        return False
    return True
