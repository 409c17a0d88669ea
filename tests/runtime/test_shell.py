"""A cell run in a forked shell shows what a Jupyter kernel shows."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from nb2pipe.runtime.zygote import Zygote
from tests.runtime.shell_cells import GROUPS

MODULES = (
    "numpy",
    "pandas",
    "matplotlib.pyplot",
    "sklearn.linear_model",
    "ipywidgets",
    "tqdm.auto",
    "plotly.io",
    "joblib",
)
CASES = [(group, number) for group, cells in GROUPS.items() for number in range(len(cells))]
CHANGING = (
    (r"ipykernel_\d+", "ipykernel_PID"),
    (r"0x[0-9a-f]{6,}", "0xADDRESS"),
    (r"[0-9a-f]{32}", "MODEL"),
    (r"/tmp/\w+\.json", "CONNECTION"),
    (r"T_[0-9a-f]{5}", "T_STYLER"),
    (r"\d{4}-\d\d-\d\dT[\d:.]+", "DATE"),
    (r"\d+(\.\d+)?it/s|\d\d:\d\d[<\]]", "SPEED"),
    (r"File (\\u001b\[\d+m)*[^,]*ipykernel/\w+.py", "FILE"),
)
"""What differs from one run of a kernel to the next."""


def _folder(path: Path) -> Path:
    (path / "written.py").write_text("print('ran', __name__)\n")
    return path


def _in_kernel(cells: tuple[str, ...], folder: Path) -> list[list[dict[str, Any]]]:
    import nbformat
    from nbclient import NotebookClient

    # under pytest ipykernel would leave the file descriptors alone
    environment = {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    client = NotebookClient(
        notebook, timeout=60, allow_errors=True, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute(env=environment)
    return [list(cell.outputs) for cell in notebook.cells]


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, Any]]:
    """Each group's outputs, from a kernel and from a forked shell."""
    with ThreadPoolExecutor(2) as pool:
        kernels = {g: pool.submit(_in_kernel, c, _folder(tmp_path_factory.mktemp(g))) for g, c in GROUPS.items()}
        zygote = Zygote(MODULES, str(_folder(tmp_path_factory.mktemp("ours"))), env=_environment())
        ours = {g: _answer(zygote, "tests.runtime.shell_children:run_cells", c)["outputs"] for g, c in GROUPS.items()}
        zygote.close()
        return {g: (kernels[g].result(), ours[g]) for g in GROUPS}


@pytest.fixture(scope="session")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    bare = Zygote((), str(tmp_path_factory.mktemp("bare")), env=_environment())
    yield bare
    bare.close()


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


def _answer(zygote: Zygote, function: str, *payload: Any) -> Any:
    child = zygote.fork(function, payload)
    with child.channel, child.channel.makefile() as file:
        text = file.read()
    assert zygote.wait(child.pid) == 0
    return json.loads(text)


def _cells(zygote: Zygote, *cells: str) -> Any:
    return _answer(zygote, "tests.runtime.shell_children:run_cells", cells)


def _comparable(outputs: list[dict[str, Any]]) -> Any:
    merged: list[dict[str, Any]] = []
    for output in outputs:
        last = merged[-1] if merged else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]
        else:
            merged.append(dict(output))
        if output.get("ename") in ("StdinNotImplementedError", "TypeError") and len(output["traceback"]) > 4:
            # the kernel's own frames, which Jupyter shows where ours end the traceback before them
            frames = [f for f in output["traceback"] if "ipykernel/" not in f]
            merged[-1]["traceback"] = frames
    text = json.dumps(merged, sort_keys=True)
    for pattern, name in CHANGING:
        text = re.sub(pattern, name, text)
    return json.loads(text)


@pytest.mark.parametrize(("group", "number"), CASES, ids=lambda value: str(value))
def test_cell_shows_what_a_kernel_shows(runs: dict[str, tuple[Any, Any]], group: str, number: int) -> None:
    kernel, ours = runs[group]
    assert _comparable(ours[number]) == _comparable(kernel[number]), GROUPS[group][number]


def test_text_written_to_descriptors_stands_where_it_was_written(zygote: Zygote) -> None:
    cell = (
        "import os, subprocess\nprint(1)\nos.write(1, b'2\\n')\nprint(3)\n"
        "os.system('echo 4')\nsubprocess.run(['echo', '5'])\nprint(6)"
    )
    assert _cells(zygote, cell)["outputs"][0] == [
        {"output_type": "stream", "name": "stdout", "text": "1\n2\n3\n4\n5\n6\n"}
    ]


def test_a_character_split_between_two_writes_is_whole(zygote: Zygote) -> None:
    cell = "import os\nos.write(1, 'é'.encode()[:1])\nprint(end='')\nos.write(1, 'é'.encode()[1:]); None"
    assert _cells(zygote, cell)["outputs"][0][0]["text"] == "é"


def test_subprocess_that_outlives_its_cell_writes_into_the_next(zygote: Zygote) -> None:
    first = "import subprocess, time\nprocess = subprocess.Popen(['sh', '-c', 'sleep 0.1; echo late'])"
    outputs = _cells(zygote, first, "process.wait(); None")["outputs"]
    assert outputs == [[], [{"output_type": "stream", "name": "stdout", "text": "late\n"}]]


def test_large_outputs_are_kept_whole(zygote: Zygote) -> None:
    cell = "import os\nfor _ in range(200): print('x' * 99999)\nos.write(1, b'y' * 40_000_000); None"
    text = _cells(zygote, cell)["outputs"][0][0]["text"]
    assert (len(text), text.count("\n"), text.count("y")) == (60_000_000, 200, 40_000_000)


def test_processes_forked_by_a_cell_write_into_it(zygote: Zygote) -> None:
    cell = (
        "import multiprocessing, os\ndef f(i):\n    print('child', i)\n    return os.getpid()\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool: pids = pool.map(f, range(4))\n"
        "print('done', os.getpid() in pids)"
    )
    lines = _cells(zygote, cell)["outputs"][0][0]["text"].splitlines()
    assert sorted(lines[:-1]) == ["child 0", "child 1", "child 2", "child 3"]
    assert lines[-1] == "done False"


def test_execution_counts_may_leave_gaps(zygote: Zygote) -> None:
    cells = ("get_ipython().execution_count = 5", "6 * 7", "_2, Out, In[2], _i2")
    assert _cells(zygote, *cells)["outputs"][2][0]["data"]["text/plain"] == "(42, {2: 42}, '6 * 7', '6 * 7')"


def test_exit_ends_after_the_cell(zygote: Zygote) -> None:
    answer = _cells(zygote, "exit()\nprint('still')", "print('never')")
    assert answer["results"] == [["ok", "", ""]]
    assert answer["outputs"] == [[{"output_type": "stream", "name": "stdout", "text": "still\n"}], []]


def test_failing_cells_say_how(zygote: Zygote) -> None:
    results = _cells(zygote, "1/0", "x = (", "import sys; sys.exit(2)", "%nope", "1")["results"]
    assert [r[0] for r in results] == ["error", "error", "error", "error", "ok"]
    assert [r[1] for r in results] == ["ZeroDivisionError", "SyntaxError", "SystemExit", "UsageError", ""]
    assert results[0][2] == "division by zero"


@pytest.mark.parametrize(
    ("cell", "ename"),
    [
        ("import time; time.sleep(30)", "KeyboardInterrupt"),
        ("while True: pass", "KeyboardInterrupt"),
        ("import asyncio; await asyncio.sleep(30)", "CancelledError"),
    ],
)
def test_interrupt_stops_the_cell_and_the_shell_goes_on(zygote: Zygote, cell: str, ename: str) -> None:
    child = zygote.fork("tests.runtime.shell_children:report_ready_then_run", (cell,))
    with child.channel, child.channel.makefile() as file:
        assert file.readline() == "ready\n"
        time.sleep(0.2)
        os.kill(child.pid, signal.SIGINT)
        assert json.loads(file.read()) == ["error", ename, "ok"]
    zygote.wait(child.pid)


def test_namespace_is_the_main_module(zygote: Zygote) -> None:
    cells = (
        "import sys, pickle\nclass A: pass",
        "sys.modules['__main__'].__dict__ is globals(), A.__module__, type(pickle.loads(pickle.dumps(A())))",
    )
    text = _cells(zygote, *cells)["outputs"][1][0]["data"]["text/plain"]
    assert text == "(True, '__main__', __main__.A)"


def test_shell_imports_no_kernel(zygote: Zygote) -> None:
    cell = "import sys\n[m for m in ('ipykernel', 'zmq', 'jupyter_client', 'tornado', 'sqlite3') if m in sys.modules]"
    assert _cells(zygote, cell)["outputs"][0][0]["data"]["text/plain"] == "[]"


def test_widgets_leave_their_state_for_the_notebook(zygote: Zygote) -> None:
    state = _cells(zygote, "import ipywidgets; out = ipywidgets.Output()", "with out: print('in')")["widgets"]
    models = state["application/vnd.jupyter.widget-state+json"]["state"].values()
    assert {m["model_name"] for m in models} == {"LayoutModel", "OutputModel"}
    outputs = [m["state"]["outputs"] for m in models if m["model_name"] == "OutputModel"]
    assert outputs == [[{"output_type": "stream", "name": "stdout", "text": "in\n"}]]
