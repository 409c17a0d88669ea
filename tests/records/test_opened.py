"""A step of a recorded run as a notebook, run in a stock kernel: it finds what the step found, and ends as it did."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest

from nb2pipe.cli.main import main
from nb2pipe.diagnostics import UsageError
from nb2pipe.records.opened import opened_step
from tests.making import code, shown, text
from tests.oracle import run_in_kernel
from tests.records.making import Recorded


def opened(recorded: Recorded, step: str | None = None, run: str = "last") -> Any:
    with recorded.read(run) as (store, found):
        return opened_step(store, found, step)[1]


def in_a_kernel(document: Any, folder: Path) -> list[str]:
    """What the cells show when a stock kernel runs the notebook, as it is written, in another folder."""
    text = nbformat.writes(document)
    nbformat.validate(json.loads(text))
    done = run_in_kernel(nbformat.reads(text, 4), folder)
    return [shown(c.outputs) for c in done.cells if c.cell_type == "code"]


CELLS = [
    code("rate = 2\nname = 'x'", "parameters"),
    code("import os\nimport random\nimport numpy as np\nimport pandas as pd\nimport helper", "imports"),
    code("def scaled(v):\n    return v * rate", "functions"),
    code("random.seed(7)\nnp.random.seed(7)\nhere = os.getcwd()\nos.chdir('sub')\nos.environ['OF_A_STEP'] = 'yes'\n"
         "pd.set_option('display.precision', 2)\nshared = [1]\nboth = {'s': shared}\ndf = pd.DataFrame({'a': np.random.rand(3)})\n"
         "class Model:\n    def __init__(self):\n        self.w = rate\nmodel = Model()", "step:load"),
    code("first = random.random()\ndrawn = np.random.rand()", "step:draw"),
    text("## Use"),
    code("both['s'].append(2)\nprint(shared, rate, scaled(3), helper.NAME)\nprint(os.path.basename(os.getcwd()), os.environ['OF_A_STEP'])\n"
         "print(random.random(), np.random.rand(), first, drawn)\nprint(df / 3, type(model).__name__, model.w)", "step:use"),
    code("1 / (rate - 5)", "step:use"),
    code("print(shared)", "step:behind"),
]  # fmt: skip


@pytest.fixture
def notebook(recorded: Recorded) -> Recorded:
    (recorded.folder / "sub").mkdir()
    (recorded.folder / "helper.py").write_text("NAME = 'beside'\n")
    return recorded


@pytest.mark.parametrize("rate", [3, 5])
def test_a_step_finds_what_it_found(notebook: Recorded, tmp_path_factory: pytest.TempPathFactory, rate: int) -> None:
    result = notebook.run(CELLS, split="tags", output="out.ipynb", rate=rate)
    assert result.outcomes["use"].status == ("failed" if rate == 5 else "ok"), result.outcomes["use"].detail
    document = opened(notebook, "use")
    assert [s for c in document.cells for s in c.metadata.get("tags", [])] == [
        "nb2pipe-inputs", "parameters", "injected-parameters", "imports", "functions", "step:use", "step:use",
        *(["failed"] if rate == 5 else []),
    ]  # fmt: skip
    said = in_a_kernel(document, tmp_path_factory.mktemp("elsewhere"))
    written = json.loads((notebook.folder / "out.ipynb").read_text("utf-8"))
    expected = [shown(c["outputs"]) for c in written["cells"] if "step:use" in c["metadata"].get("tags", [])]
    assert said[-2:] == expected
    assert "beside" in said[-2]
    assert not any(said[:-2])
    if rate == 5:
        assert said[-1] == "ERROR ZeroDivisionError: division by zero"
        assert document.cells[-2].source == "**This cell failed:** `ZeroDivisionError: division by zero`"
        assert "It failed in cell 8: `ZeroDivisionError" in document.cells[0].source
        assert notebook.run(split="tags", rate=rate).outcomes["behind"].detail == "use failed"


def test_every_step_of_a_run_can_be_opened(notebook: Recorded, tmp_path_factory: pytest.TempPathFactory) -> None:
    notebook.run(CELLS, split="tags", output="out.ipynb")
    notebook.run(split="tags")  # cached
    written = json.loads((notebook.folder / "out.ipynb").read_text("utf-8"))
    for step in ("load", "behind"):
        expected = [shown(c["outputs"]) for c in written["cells"] if f"step:{step}" in c["metadata"].get("tags", [])]
        assert in_a_kernel(opened(notebook, step), tmp_path_factory.mktemp("elsewhere"))[-1:] == expected


def test_what_cannot_be_opened_is_said(notebook: Recorded) -> None:
    notebook.run(["lines = (n for n in (1, 2))", "1 / 0", "print(next(lines))", "print('good')\na = 1", "print(a)"])
    for step, run, problem in (
        ("cell_3", "last", "`lines` of cell_1 could not leave its process"),
        ("cell_33", "last", "did you mean `cell_3`"),
    ):
        with pytest.raises(UsageError, match=problem):
            opened(notebook, step, run)
    assert "1 / 0" in opened(notebook).cells[-1].source
    shutil.rmtree(notebook.folder / ".nb2pipe" / "results" / "contents")
    with pytest.raises(UsageError, match=r"no longer in the store|not in the store any more"):
        opened(notebook, "cell_5")


def test_a_step_that_took_what_a_failed_one_was_to_make(recorded: Recorded) -> None:
    recorded.run(["a = 1 / 0", "print(a)"])
    with pytest.raises(UsageError, match="takes `a` of cell_1, which was failed"):
        opened(recorded, "cell_2")
    recorded.run(["a = 1", "print(a)"])
    with pytest.raises(UsageError, match=r"no step of run .* failed; name the step: cell_1, cell_2"):
        opened(recorded)


def test_the_command(recorded: Recorded, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(recorded.folder)
    recorded.run(["a = 1", "print(1 / 0, a)"])
    assert main(["open", "last"]) == 0
    written = next(recorded.folder.glob("cell_2-*.ipynb"))
    assert written.name in capsys.readouterr().err
    assert main(["open", "last", "-o", "nb.ipynb"]) == 2
    assert "would overwrite the notebook itself" in capsys.readouterr().err
    monkeypatch.setenv("NB2PIPE_STORE", str(recorded.folder / "no"))
    assert main(["open", "last"]) == 2
