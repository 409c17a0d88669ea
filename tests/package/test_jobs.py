"""``--jobs``: steps side by side print what they print one after another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from tests.making import code, write
from tests.package.making import package, run


def test_prints_what_one_process_prints(tmp_path: Path) -> None:
    cells = [code("import random", "imports"), code("print('all')\nxs = list(range(5))\nxs", "step:load")]
    cells += [code(f"print('{n}', {n} * len(xs))\ny{n} = {n}", f"step:part_{n}") for n in range(4)]
    cells.append(code("print(y0 + y1 + y2 + y3)", "step:last"))
    source = package(write(tmp_path / "n.ipynb", cells), tmp_path / "project")
    whole = run(source, tmp_path)
    done = run(source, tmp_path, "--jobs", "3")
    assert done.returncode == 0, done.stderr
    assert done.stdout == whole.stdout != ""


def _made(folder: Path) -> Path:
    cells = [
        code("n = 1", "parameters"),
        code("import os, time\nprint('a')\na = n", "step:a"),
        code("print('b', flush=True)\nb = 1 // (n - 5)\ntime.sleep(n - 1)", "step:b"),
        code("print('c')\nc = a", "step:c"),
        code("print('d', a, b)", "step:d"),
    ]
    return package(write(folder / "n.ipynb", cells), folder / "p")


def test_side_by_side(tmp_path: Path) -> None:
    cells = [code("import time", "imports")] + [
        code(f"start_{n} = time.time()\ntime.sleep(1.5)\nend_{n} = time.time()", f"step:{n}") for n in "ab"
    ]
    cells.append(code("print(max(start_a, start_b) < min(end_a, end_b))", "step:c"))
    source = package(write(tmp_path / "n.ipynb", cells), tmp_path / "p")
    assert run(source, tmp_path, "--jobs", "2").stdout == "True\n"
    assert run(source, tmp_path, "--jobs", "1").stdout == "False\n"


def test_parameters_and_the_folder(tmp_path: Path) -> None:
    source = _made(tmp_path)
    done = run(source, tmp_path, "--jobs=2", "--n", "2", "--run-dir", "values")
    assert (done.returncode, done.stdout) == (0, "a\nb\nc\nd 2 -1\n")
    assert (tmp_path / "values/a/a.json").read_text() == "2"


def test_a_step_that_fails(tmp_path: Path) -> None:
    done = run(_made(tmp_path), tmp_path, "--jobs", "2", "--n", "5")
    assert (done.returncode, done.stdout) == (1, "a\nb\nc\n")
    assert "ZeroDivisionError" in done.stderr
    assert done.stderr.endswith("step d has not run, for it comes after b\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_end_from_outside_ends_the_steps(number: signal.Signals, tmp_path: Path) -> None:
    source = _made(tmp_path)
    command = [sys.executable, "-m", "made", "--jobs", "2", "--n", "100", "--run-dir", "values"]
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # who runs tests in the background lets it be ignored
    process = subprocess.Popen(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(source)}, preexec_fn=heard)
    deadline = time.monotonic() + 60
    while not (tmp_path / "values/c/c.json").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(number)
    assert process.wait(30) == (130 if number is signal.SIGINT else 143)
    assert not [p for p in Path("/proc").glob("[0-9]*/environ") if str(tmp_path).encode() in _content(p)]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize("arguments", [("--jobs", "0"), ("--jobs", "many"), ("--jobs", "2", "--step", "a")])
def test_wrong_usage(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert run(_made(tmp_path), tmp_path, *arguments).returncode == 2
