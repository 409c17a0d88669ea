"""nb2pipe as an engine of papermill gives what papermill's own engine gives, and says what went wrong in its way."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from click.testing import CliRunner
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.cli import papermill as command
from papermill.exceptions import PapermillException, PapermillExecutionError
from papermill.iorw import papermill_io

from nb2pipe import api
from nb2pipe.cli.main import main
from nb2pipe.papermill import Nb2pipeEngine
from nb2pipe.papermill.engine import NotebookRefused
from tests.execute.test_guards import CASES as OVERLOOKED
from tests.execute.test_guards import overlooking
from tests.making import code, text, write

ROOT = Path(__file__).parents[2]
Execute = Callable[..., Any]
CELLS = [
    text("# load"),
    code("rate = 1\nname = 'x'", "parameters"),
    "import random\nrandom.seed(rate)\nvalues = [random.random() for _ in range(3)]\nprint(values)",
    text("# clean"),
    "values.append(rate)\nvalues",
    "",
    text("# report"),
    "import sys\nprint(len(values), name)\nprint('oh', file=sys.stderr)\n{'a': values[-1]}",
]


def test_the_notebook_is_that_of_papermills_own_engine(execute: Execute) -> None:
    ours, own = (execute(CELLS, {"rate": 3}, engine) for engine in ("nb2pipe", None))
    for mine, its in zip(ours.cells, own.cells, strict=True):
        assert (mine.source, mine.get("outputs"), mine.get("execution_count")) == (
            its.source,
            its.get("outputs"),
            its.get("execution_count"),
        )
        said, theirs = mine.metadata, its.metadata
        assert said.tags == theirs.tags
        assert {k: type(v) for k, v in said.papermill.items()} == {k: type(v) for k, v in theirs.papermill.items()}
        assert said.papermill.status == theirs.papermill.status == "completed"
    assert ours.metadata.papermill.keys() == own.metadata.papermill.keys()
    assert ours.metadata.papermill.parameters == {"rate": 3}
    assert ours.metadata.papermill.exception is None
    assert [s["name"] for s in ours.metadata.nb2pipe.steps] == ["load", "clean", "report"]


def test_a_cell_that_fails_is_told_as_papermill_tells_it(execute: Execute, tmp_path: Path) -> None:
    cells = [text("# a"), "x = 1\nx", text("# b"), "1 / (x - 1)", text("# c"), "print(x)"]
    found = []
    for engine in ("nb2pipe", None):
        with pytest.raises(PapermillExecutionError) as error:
            execute(cells, engine=engine)
        assert (error.value.ename, error.value.exec_count) == ("ZeroDivisionError", 2)
        document = nbformat.read(tmp_path / f"{engine}.ipynb", as_version=4)
        told = [
            (c.cell_type, c.metadata.get("tags"), (c.metadata.get("papermill") or {}).get("status"))
            for c in document.cells
        ]
        found.append((told[:7], document.metadata.papermill.exception))
    assert found[0] == found[1]


def test_the_command_ends_with_papermills_exit_code(tmp_path: Path) -> None:
    path = write(tmp_path / "in.ipynb", [code("n = 1", "parameters"), "print(6 / n)"])
    arguments = [
        "--engine",
        "nb2pipe",
        "--cwd",
        str(tmp_path),
        "--no-progress-bar",
        str(path),
        str(tmp_path / "out.ipynb"),
    ]
    assert CliRunner().invoke(command, [*arguments, "-p", "n", "2"]).exit_code == 0
    assert nbformat.read(tmp_path / "out.ipynb", as_version=4).cells[2].outputs[0].text == "3.0\n"
    assert CliRunner().invoke(command, [*arguments, "-p", "n", "0"]).exit_code == 1


def test_a_process_that_dies_is_a_dead_kernel(execute: Execute, tmp_path: Path) -> None:
    with pytest.raises(DeadKernelError, match="step cell_2 died: its process ended by itself with exit code 3"):
        execute(["x = 1", "import os\nos._exit(2 + x)"], split="cells:1")
    document = nbformat.read(tmp_path / "nb2pipe.ipynb", as_version=4)
    assert [c.metadata.papermill.status for c in document.cells] == ["completed", "failed"]


def test_a_cell_may_take_its_time_and_no_longer(execute: Execute, tmp_path: Path) -> None:
    with pytest.raises(CellTimeoutError):
        execute(["print('soon')", "import time\ntime.sleep(60)"], execution_timeout=2, split="cells:1")
    document = nbformat.read(tmp_path / "nb2pipe.ipynb", as_version=4)
    assert [c.metadata.papermill.status for c in document.cells] == ["completed", "failed"]
    assert document.cells[0].outputs[0].text == "soon\n"


def test_what_is_refused_is_said_in_nb2pipes_words(execute: Execute) -> None:
    cells = ["x = 1", code("print(x + 1)", "step:one", "after:nowhere")]
    with pytest.raises(NotebookRefused, match=r"NB306 .*\n  --> .*cell 2"):
        execute(cells)
    document = execute(cells, fallback=True)
    assert document.cells[1].outputs[0].text == "2\n"
    assert "nb2pipe" not in document.metadata  # papermill's own engine has run it


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"job": 2}, "no option `job`; did you mean `jobs`"),
        ({"allow_errors": True}, "no option `allow_errors`"),
        ({"jobs": 0}, "expected a whole number from 1, got 0"),
        ({"guards": "maybe"}, "expected on, light, strict or off"),
        ({"split": "words"}, "split"),
    ],
    ids=str,
)
def test_an_option_that_there_is_not_is_said(given: dict[str, Any], says: str, execute: Execute) -> None:
    with pytest.raises(PapermillException, match=says):
        execute(["x = 1"], **given)


def test_what_only_concerns_kernels_is_taken(execute: Execute) -> None:
    assert execute(["print(1)"], start_timeout=5, startup_timeout=5, iopub_timeout=4).cells[0].outputs[0].text == "1\n"


def test_the_environment_asks_for_the_cache(
    execute: Execute, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("NB2PIPE_CACHE", "1")
    monkeypatch.setenv("NB2PIPE_STORE", str(tmp_path / "store"))
    cells = [code("n = 1", "parameters"), text("# a"), "a = [n]\nprint('a', a)", text("# b"), "print('b')"]
    texts = []
    for n in (1, 1, 2):
        printed = io.StringIO()
        document = execute(cells, {"n": n}, stdout_file=printed)
        texts.append((printed.getvalue(), {s["name"]: s.get("cached", False) for s in document.metadata.nb2pipe.steps}))
        assert [c.metadata.papermill.status for c in document.cells] == ["completed"] * 6
    assert [t[0] for t in texts] == ["a [1]\nb\n", "a [1]\nb\n", "a [2]\nb\n"]
    assert [t[1]["a"] for t in texts] == [False, True, False]
    assert [t[1]["b"] for t in texts] == [False, True, True]
    assert main(["runs", "show", "last", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["parameters"] == {"n": 2}


def test_it_runs_where_papermill_is_told_to(execute: Execute, tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("def twice(x):\n    return 2 * x\n", "utf-8")
    (tmp_path / "data.txt").write_text("7", "utf-8")
    document = execute(
        [text("# a"), "import beside\nx = int(open('data.txt').read())", text("# b"), "print(beside.twice(x))"]
    )
    assert document.cells[3].outputs[0].text == "14\n"


def test_files_get_what_is_printed_in_the_order_of_the_notebook(execute: Execute) -> None:
    out, err = io.StringIO(), io.StringIO()
    cells = [
        text("# a"),
        "import time, sys\ntime.sleep(0.5)\nprint('first')\nprint('oh', file=sys.stderr)",
        text("# b"),
        "print('second')",
    ]
    execute(cells, stdout_file=out, stderr_file=err)
    assert (out.getvalue(), err.getvalue()) == ("first\nsecond\n", "oh\n")


def test_output_is_logged_as_it_comes(execute: Execute, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "papermill"):
        execute(["print('hello')", "3 + 4"], log_output=True)
    assert {"hello\n", "7"} <= {r.message for r in caplog.records}
    assert any(r.message.startswith("Executing Cell 1---") for r in caplog.records)


def test_the_notebook_is_saved_while_a_cell_runs(execute: Execute, tmp_path: Path) -> None:
    cell = (
        "import time\nprint('marker', flush=True)\n"
        "for _ in range(200):\n    time.sleep(0.1)\n    print('more', flush=True)\n"
        "    saved = open('nb2pipe.ipynb').read()\n    if saved.count('marker') > 1:\n        break"
    )
    document = execute([text("# a"), cell, text("# b"), "print(saved.count('marker') > 1)"], autosave_cell_every=0.1)
    assert document.cells[3].outputs[0].text == "True\n"


def test_papermill_reads_and_writes_the_notebooks_wherever_they_are() -> None:
    class Handler:
        kept: dict[str, str] = {}  # noqa: RUF012  of this test

        def read(self, path: str) -> str:
            return self.kept[path]

        def write(self, buf: str, path: str) -> None:
            self.kept[path] = buf

        def listdir(self, path: str) -> list[str]:
            return list(self.kept)

        def pretty_path(self, path: str) -> str:
            return path

    node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print(6 * 7)")])
    node.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": ""}
    Handler.kept["far://in.ipynb"] = nbformat.writes(node)
    papermill_io.register("far://", Handler())
    try:
        papermill.execute_notebook("far://in.ipynb", "far://out.ipynb", engine_name="nb2pipe", progress_bar=False)
    finally:
        papermill_io._handlers = [h for h in papermill_io._handlers if h[0] != "far://"]
    assert nbformat.reads(Handler.kept["far://out.ipynb"], as_version=4).cells[0].outputs[0].text == "42\n"


def test_a_step_that_runs_again_is_told_once(execute: Execute, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A guard that trips has a step run again; the notebook shows what it gave then."""
    one = next(c for c in OVERLOOKED if c.name == "a list that a step changed")
    subject = overlooking(write(tmp_path / "in.ipynb", one.cells), one.overlook)
    monkeypatch.setattr(api, "compile_notebook", lambda *_: subject)
    monkeypatch.setenv("NB2PIPE_STORE", str(tmp_path / "store"))
    document = execute(list(one.cells), split="cells:1")
    assert document.cells[2].outputs[0].text == "[1, 2, 3]\n"
    assert [c.metadata.papermill.status for c in document.cells] == ["completed"] * 3


def test_a_step_that_is_tried_again_is_told_as_it_ended(execute: Execute, tmp_path: Path, caplog: Any) -> None:
    cell = code(
        "from pathlib import Path\nprint('try')\nfirst = not Path('tried').exists()\nPath('tried').touch()\nassert not first",
        "retries:1",
    )
    document = execute(["x = 1", cell], split="cells:1")
    assert [c.metadata.papermill.status for c in document.cells] == ["completed"] * 2
    assert [o.output_type for o in document.cells[1].outputs] == ["stream"]
    assert any("attempt 1 of 2: AssertionError" in r.message for r in caplog.records)


@pytest.mark.parametrize("first", ["import papermill", "from nb2pipe.papermill import Nb2pipeEngine"])
def test_papermill_finds_the_engine_whoever_is_imported_first(first: str) -> None:
    entry = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]["papermill.engine"]
    module, _, name = entry["nb2pipe"].partition(":")
    script = (
        f"import entrypoints\nfound = entrypoints.EntryPoint('nb2pipe', {module!r}, {name!r})\n"
        f"entrypoints.get_group_all = lambda group: [found] * (group == 'papermill.engine')\n{first}\n"
        "from papermill.engines import papermill_engines\nprint(papermill_engines.get_engine('nb2pipe').__name__)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"{Nb2pipeEngine.__name__}\n"


def test_what_is_refused_behind_cells_that_have_run_is_not_run_a_second_time(
    execute: Execute, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = next(c for c in OVERLOOKED if c.name == "a list that a step changed")
    subject = overlooking(write(tmp_path / "in.ipynb", one.cells), one.overlook)
    monkeypatch.setattr(api, "compile_notebook", lambda *_: subject)
    with pytest.raises(NotebookRefused, match="NB901") as refused:
        execute(list(one.cells), split="cells:1", guards="strict", fallback=True)
    assert refused.value.begun
