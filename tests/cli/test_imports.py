"""What is dear to import is not imported by commands that have no use for it: they are to answer at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.making import text, write

ROOT = Path(__file__).parents[2]
DEAR = {"nbformat", "jupytext", "IPython", "networkx", "nbconvert", "nbclient", "papermill", "numpy", "pandas", "yaml", "zmq",
        "asyncio", "jupyter_core", "subprocess"}  # fmt: skip
"""Modules of which each costs as much as all of nb2pipe."""


def test_help_imports_little(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom nb2pipe.cli.main import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'dataclasses', 'inspect', 'json', 'tempfile', 'importlib.metadata'} & set(sys.modules)), file=sys.stderr)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-S", "-c", script]  # without what an environment's own hooks import
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["run", "--help"], ["explain", "NB103"], ["check", "nb.ipynb"],
     ["plan", "--help"], ["graph", "nb.ipynb"], ["graph", "nb.ipynb", "--format", "json"], ["graph", "nb.ipynb", "--format", "mermaid"],
     ["run", "nb.ipynb", "--cache"]],
    ids=" ".join,
)  # fmt: skip
def test_nothing_dear_is_imported(arguments: list[str], tmp_path: Path) -> None:
    write(tmp_path / "nb.ipynb", [text("# one"), "import math\na = math.pi", text("# two"), "print(a)"])
    dear = DEAR - {"subprocess"} if "--cache" in arguments else DEAR  # whose first run starts processes
    script = (
        "import sys\nfrom nb2pipe.cli.main import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit:\n    pass\n"
        f"print(sorted({dear!r} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stderr.splitlines()[-1] == "[]"
