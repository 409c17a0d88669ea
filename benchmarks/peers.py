"""What each of ten steps costs beside the same ten in Kedro, Prefect and ZenML, where these are installed.

The steps do next to nothing: a source, eight that take from it, a sink. Only a run is timed, behind one in the same process. Ours are
in a process each, and guarded; Kedro calls functions in its own process, Prefect in threads of its own and tells its server of them, ZenML
one after another with its store.
"""

from __future__ import annotations

import functools
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
_PREFECT = """
import os
os.environ.update(PREFECT_HOME=os.path.abspath(".prefect"), PREFECT_LOGGING_LEVEL="CRITICAL", PREFECT_SERVER_ANALYTICS_ENABLED="false", DO_NOT_TRACK="1")
from prefect import flow, task
@task
def source(): return 1
@task
def branch(a): return a + 1
@task
def sink(values): return sum(values)
@flow
def whole():
    a = source.submit()
    return sink.submit([branch.submit(a) for _ in range(8)]).result()
def run(): assert whole() == 16
"""
_ZENML = """
import os
os.environ.update(ZENML_CONFIG_PATH=os.path.abspath(".zenml"), ZENML_ANALYTICS_OPT_IN="false", ZENML_LOGGING_VERBOSITY="CRITICAL")
from zenml import pipeline, step
@step
def source() -> int: return 1
@step
def branch(a: int) -> int: return a + 1
@step
def sink(a: int, b: int, c: int, d: int, e: int, f: int, g: int, h: int) -> int: return a + b + c + d + e + f + g + h
@pipeline(enable_cache=False)
def whole():
    a = source()
    sink(*[branch(a) for _ in range(8)])
def run(): assert whole().status == "completed"
"""
_PEERS = (("kedro", "Kedro", _KEDRO), ("prefect", "Prefect", _PREFECT), ("zenml", "ZenML", _ZENML))
_TIMED = """
import time
run()
started = time.perf_counter()
run()
print(time.perf_counter() - started)
"""


def measure(rounds: int) -> Iterator[Row]:
    """The rows of this file."""
    for command, name, script in _PEERS:
        program = installed(command)
        if program is None:
            continue
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            notebooks.write(folder / "ten.ipynb", notebooks.ten_steps("pass"))
            ours, theirs = alternate(
                rounds,
                functools.partial(_seconds, Path(sys.executable), _OURS, folder),
                functools.partial(_seconds, Path(program).with_name("python"), script, folder),
            )
        text = f"{1000 * ours / _STEPS:.1f} ms; {name} {1000 * theirs / _STEPS:.1f} ms: {theirs / ours:.2f} x"
        yield Row(f"each of ten steps that do nothing, beside {name}", text, "(measured)", True)


def _seconds(python: Path, script: str, folder: Path) -> float:
    """The seconds that a run takes which a script defines; it is a file, for ZenML looks for its steps there."""
    (folder / "timed.py").write_text(script + _TIMED, "utf-8")
    done = subprocess.run([python, "timed.py"], cwd=folder, env=quiet(), check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])
