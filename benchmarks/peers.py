"""What each of ten steps costs beside the same ten in Kedro, where that is installed.

The steps do next to nothing: a source, eight that take from it, a sink. Only a run is timed, behind one in the same process. Ours are
in a process each, and guarded; Kedro calls functions in its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import notebooks
from benchmarks.measure import Row, alternate, installed, quiet

_STEPS = 10
_OURS = """
from nb2pipe import api
from nb2pipe.runtime.result import RunOptions
compiled = api.compile_notebook(api.load("ten.ipynb"), "cells:1")
def run(): assert api.run(compiled, api.RunRequest(RunOptions(cwd="."))).exit_code == 0
"""
_KEDRO = """
import logging
from kedro.io import DataCatalog
from kedro.pipeline import node, pipeline
from kedro.runner import SequentialRunner
logging.disable(logging.CRITICAL)
names = [f"b{i}" for i in range(8)]
def source(): return 1
def branch(a): return a + 1
def sink(*values): return sum(values)
made = [node(branch, "a", name, name=name) for name in names]
whole = pipeline([node(source, None, "a", name="source"), *made, node(sink, names, "total", name="sink")])
def run(): SequentialRunner().run(whole, DataCatalog())
"""
_TIMED = """
import time
run()
started = time.perf_counter()
run()
print(time.perf_counter() - started)
"""


def measure(rounds: int) -> Iterator[Row]:
    """The rows of this file."""
    program = installed("kedro")
    if program is None:
        return
    theirs_runs_in = str(Path(program).with_name("python"))
    with tempfile.TemporaryDirectory() as folder:
        notebooks.write(Path(folder) / "ten.ipynb", notebooks.ten_steps("pass"))
        ours, theirs = alternate(
            rounds,
            lambda: _seconds(sys.executable, _OURS, folder),
            lambda: _seconds(theirs_runs_in, _KEDRO, folder),
        )
    text = f"{1000 * ours / _STEPS:.1f} ms; Kedro {1000 * theirs / _STEPS:.1f} ms: {theirs / ours:.2f} x"
    yield Row("each of ten steps that do nothing, beside Kedro", text, "(measured)", True)


def _seconds(python: str, script: str, folder: str) -> float:
    """The seconds that a run takes which a script defines."""
    command = [python, "-c", script + _TIMED]
    done = subprocess.run(command, cwd=folder, env=quiet(), check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])
