"""Each step a notebook that papermill runs in a fresh kernel: the executed notebook is that of one kernel, or of the local engine.

Kernels are slow: here are a few notebooks that have in them what may go wrong; `tools/engine_cases.py` runs all cases.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from nb2pipe import api
from nb2pipe.cli.main import main
from nb2pipe.runtime.papermill.asked import PapermillOptions
from nb2pipe.runtime.result import RunOptions, RunResult
from tests.execute.test_guards import CASES as OVERLOOKED
from tests.execute.test_guards import overlooking
from tests.making import code, compiled, shown, text, write
from tests.oracle import comparables

ROOT = Path(__file__).parents[3]


def run(subject: api.Compiled, output: Path, parameters: dict[str, Any] | None = None, **options: Any) -> RunResult:
    settings = RunOptions(order="latest", jobs=2, cwd=str(subject.folder))
    papermill = PapermillOptions(**options) if options.pop("kernels", True) else None
    return api.run(subject, api.RunRequest(settings, parameters or {}, output=str(output), papermill=papermill))


def cells_of(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["cells"]
    return found


def seen(path: Path) -> list[Any]:
    """All that has to be equal of an executed notebook."""
    return [
        (c["source"], c["metadata"].get("tags"), c.get("execution_count"), comparables(c.get("outputs", ())))
        for c in cells_of(path)
    ]


MANY = [
    code("rate = 1\nname = 'x'", "parameters"),
    text("# load"),
    "import random, os, numpy as np\nrandom.seed(rate)\nnp.set_printoptions(precision=2)\nos.environ['MINE'] = 'yes'",
    "xs = [random.random()]\nys = xs\na = np.arange(6.0).reshape(2, 3)\nrow = a[0]",
    "from IPython.display import display\nhandle = display('later', display_id='mine')",
    "def spread(x):\n    return x / 0\n3 * rate",
    text("# change"),
    "ys.append(random.random())\nrow[0] = 1 / 3\nnumbers = (n for n in range(5))\nnext(numbers)",
    text("# look"),
    "print(xs == ys, len(xs), a, os.environ['MINE'], name)\nprint(next(numbers))",
    "from IPython.display import update_display\nupdate_display('now', display_id='mine')",
    text("# fail"),
    code("spread(rate)", "raises-exception"),
    "print('still here')",
]


def test_the_executed_notebook_is_that_of_the_local_engine(tmp_path: Path) -> None:
    """Parameters, states, shared objects and memory, settings, displays, a value that cannot leave its process."""
    subject = compiled(write(tmp_path / "n.ipynb", MANY), None)
    for name, kernels in (("local", False), ("kernels", True)):
        steps = {"steps_dir": str(tmp_path / "steps")} if kernels else {}
        result = run(subject, tmp_path / f"{name}.ipynb", {"rate": 3}, kernels=kernels, **steps)
        assert result.exit_code == 0, result.outcomes
        assert [n for n in result.notes if "cannot leave its process" in n]
    assert seen(tmp_path / "kernels.ipynb") == seen(tmp_path / "local.ipynb")
    assert "now" in shown(cells_of(tmp_path / "kernels.ipynb")[5]["outputs"])
    kept = sorted(p.name for p in (tmp_path / "steps").iterdir())
    assert kept == ["01_load.ipynb", "02_change.ipynb", "03_look.ipynb", "04_fail.ipynb"]
    change = cells_of(tmp_path / "steps" / "02_change.ipynb")
    assert ["".join(c["source"]).splitlines()[0] for c in change] == [
        "# what the step needs of others", "# change", "ys.append(random.random())", "# what others need of the step",
    ]  # fmt: skip
    assert all(c["metadata"]["papermill"]["status"] == "completed" for c in change)


def test_a_cell_that_fails_stops_its_step(tmp_path: Path) -> None:
    cells = [text("# a"), "x = 2", text("# b"), "print(x)\n1 / (x - 2)", "print('no')", text("# c"), "print('apart')"]
    subject = compiled(write(tmp_path / "n.ipynb", cells), None)
    result = run(subject, tmp_path / "out.ipynb")
    assert [(o.status, o.ename) for o in result.outcomes.values()] == [
        ("ok", ""),
        ("failed", "ZeroDivisionError"),
        ("ok", ""),
    ]
    assert result.outcomes["b"].cell == 3
    found = cells_of(tmp_path / "out.ipynb")
    assert [shown(c.get("outputs", ())) for c in found[3:]] == [
        "2\nERROR ZeroDivisionError: division by zero",
        "",
        "",
        "apart",
    ]
    assert [c["metadata"]["papermill"]["status"] for c in found if c["cell_type"] == "code"] == [
        "completed", "failed", "pending", "completed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "options", "status", "says"),
    [
        ("import os, time\ntime.sleep(1)\nos._exit(4)", {}, "died", "its process ended by itself with exit code 4"),
        (
            "import time\ntime.sleep(60)",
            {"execution_timeout": 2},
            "failed",
            "CellTimeoutError: the cell took longer than 2 s",
        ),
    ],
    ids=["dies", "takes too long"],
)
def test_a_kernel_that_is_lost_is_told(source: str, options: Any, status: str, says: str, tmp_path: Path) -> None:
    subject = compiled(write(tmp_path / "n.ipynb", [f"print('begun', flush=True)\n{source}"]))
    result = run(subject, tmp_path / "out.ipynb", **options)
    outcome = next(iter(result.outcomes.values()))
    assert (outcome.status, outcome.cell, outcome.detail) == (status, 0, says)
    assert shown(result.outputs[0]) == "begun"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is not limited")
def test_a_kernel_has_the_memory_that_its_step_may_take(tmp_path: Path) -> None:
    subject = compiled(
        write(tmp_path / "n.ipynb", [code("x = bytearray(2_000_000_000)", "memory:500M", "step:large")]), None
    )
    outcome = run(subject, tmp_path / "out.ipynb").outcomes["large"]
    assert (outcome.status, outcome.ename) == ("failed", "MemoryError")
    assert outcome.detail == "MemoryError; its memory is limited to 500 MB"


def test_a_guard_has_the_step_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NB2PIPE_STORE", str(tmp_path / "store"))
    one = next(c for c in OVERLOOKED if c.name == "a list that a step changed")
    result = run(overlooking(write(tmp_path / "n.ipynb", one.cells), one.overlook), tmp_path / "out.ipynb")
    assert [s.kind for s in result.seen] == [one.kind]
    assert [shown(result.outputs.get(i, [])) for i in range(3)] == list(one.shows)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--engine", "papermill", "--kernel", "nowhere"], "there is no kernel `nowhere` here; give --kernel one of"),
        (["--engine", "papermill", "--cache"], "cache and record go with the local engine"),
        (["--engine", "papermill", "--record"], "cache and record go with the local engine"),
        (["--start-timeout", "5"], "--start-timeout is papermill's: it goes with --engine papermill"),
        (["--log-output"], "--log-output is papermill's"),
        (["--engine", "papermill", "--execution-timeout", "soon"], "expected a whole number of seconds, got 'soon'"),
        (["--cwd", "nowhere"], "there is no folder nowhere to run in"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_is_said(arguments: Sequence[str], says: str, tmp_path: Path, capsys: Any) -> None:
    path = write(tmp_path / "n.ipynb", ["x = 1"])
    try:
        found = main(["run", str(path), *arguments])
    except SystemExit as end:
        found = int(str(end.code))
    assert found == 2
    assert says in capsys.readouterr().err


def test_the_command_runs_where_it_is_told_to(tmp_path: Path, capfd: Any) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text("7", "utf-8")
    path = write(tmp_path / "n.ipynb", ["print(open('a.txt').read())"])
    arguments = [
        "--engine",
        "papermill",
        "--cwd",
        str(tmp_path / "data"),
        "--log-output",
        "-o",
        str(tmp_path / "out.ipynb"),
    ]
    assert main(["run", str(path), *arguments]) == 0
    assert shown(cells_of(tmp_path / "out.ipynb")[0]["outputs"]) == "7"
    assert "Executing Cell 2---" in capfd.readouterr().err


@pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere kernels look once in a while whether their parent is there"
)
def test_no_kernel_outlives_a_run_that_is_killed(tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", ["import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(60)"])
    run = subprocess.Popen(
        [sys.executable, "-m", "nb2pipe", "run", str(path), "--engine", "papermill"],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    told = tmp_path / "pid"
    until = time.monotonic() + 60
    while not (told.exists() and told.read_text()) and time.monotonic() < until:
        time.sleep(0.05)
    kernel = int(told.read_text())
    run.send_signal(signal.SIGKILL)
    run.wait()
    until = time.monotonic() + 20
    while _alive(kernel) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _alive(kernel)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
