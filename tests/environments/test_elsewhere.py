"""A notebook whose kernel is another environment runs in its interpreter, and what is asked of the environment is asked of that."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nb2pipe.cli.main import main
from tests.environments.conftest import Install
from tests.making import code, shown, text, write

CELLS = [
    text("# load"),
    code(
        "import sys\nimport onlythere\nprint(sys.prefix)\nthing = onlythere.Thing(3)\nrows = [1, 2, 3]\n"
        "text = open('in.txt').read()\ndef double(x):\n    return 2 * x"
    ),
    text("# use"),
    "class Own:\n    def __init__(self, n):\n        self.n = n\nown = Own(double(thing.n))\nprint(text, double(len(rows)))",
    text("# see"),
    code(
        "import importlib.util, os\nprint(own.n, type(own).__module__, type(thing).__module__, os.environ.get('OF_THE_KERNEL'))\n"
        "print([n for n in ('pandas', 'cloudpickle', 'xxhash', 'pytest', 'jupyter_client') if importlib.util.find_spec(n)])"
    ),
]


@pytest.fixture
def notebook(other: Path, install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A notebook whose kernel is the other environment."""
    install("theirs", other, env={"OF_THE_KERNEL": "${HOME}"})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NB2PIPE_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("HOME", "/home/of/mine")
    (tmp_path / "in.txt").write_text("read")
    return write(tmp_path / "nb.ipynb", CELLS, kernelspec={"name": "theirs", "display_name": "", "language": "python"})


def _cells(path: str) -> list[str]:
    cells = json.loads(Path(path).read_text())["cells"]
    return [shown(c["outputs"]) for c in cells if c["cell_type"] == "code"]


def test_it_runs_there_and_is_cached(notebook: Path, other: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bare = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    for module in ("nb2pipe", "cloudpickle", "xxhash", "pandas"):
        assert (
            subprocess.run([other, "-c", f"import {module}"], env=bare, capture_output=True, check=False).returncode
            == 1
        )
    there = [str(other.parents[1]), "read 6", "6 __main__ onlythere /home/of/mine\n[]"]
    assert main(["run", "nb.ipynb", "--cache", "-o", "first.ipynb"]) == 0
    assert _cells("first.ipynb") == there
    capsys.readouterr()
    assert main(["run", "nb.ipynb", "--cache", "-o", "second.ipynb"]) == 0
    assert "3 steps: 3 cached" in capsys.readouterr().err
    assert _cells("second.ipynb") == there
    # the store takes what was made there for what it is
    assert main(["store", "check"]) == 0
    assert main(["values", "show", "thing"]) == 0
    assert "onlythere.Thing object" in capsys.readouterr().out
    # what is installed there counts, and the interpreter itself
    site = next(other.parents[1].glob("lib/python3*/site-packages"))
    old, new = (site / f"onlythere-{version}.dist-info" for version in ("1.0", "2.0"))
    old.rename(new)
    try:
        assert main(["plan", "nb.ipynb"]) == 0
        assert "onlythere 1.0 -> 2.0" in capsys.readouterr().out
    finally:
        new.rename(old)
    (notebook.parent / "in.txt").write_text("changed")
    assert main(["plan", "nb.ipynb"]) == 0
    assert "in.txt has new content" in capsys.readouterr().out
    assert main(["plan", "nb.ipynb", "--python", sys.executable]) == 0
    assert "3 cached" not in capsys.readouterr().out


def test_values_have_the_digests_that_they_have_here(notebook: Path, other: Path, tmp_path: Path, capsys: Any) -> None:
    write(
        tmp_path / "plain.ipynb",
        [text("# a"), "rows = list(range(1000))\nname = 'x' * 500", text("# b"), "print(len(rows), name[:1])"],
    )
    found = []
    for arguments in ([], ["--python", str(other)]):
        assert main(["run", "plain.ipynb", "--cache", *arguments, "--store", f"store-{len(found)}"]) == 0
        capsys.readouterr()
        assert main(["values", "list", "--format", "json", "--store", f"store-{len(found)}"]) == 0
        found.append({row["name"]: row["digest"] for row in json.loads(capsys.readouterr().out)})
    assert found[0] == found[1]
    assert set(found[0]) == {"rows", "name"}


def test_the_rules_look_there(notebook: Path, other: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(notebook, ["import onlythere\nimport pandas\nimport sys\nfrom nb2pipe import log_metric\nprint(onlythere, pandas, log_metric)"],
          kernelspec={"name": "theirs", "display_name": "", "language": "python"})  # fmt: skip
    main(["check", "nb.ipynb", "--select", "NB702", "--format", "json"])
    assert [(f["message"], f["hint"]) for f in json.loads(capsys.readouterr().out)] == [
        ("`pandas` is imported, and is not installed", f"{other} -m pip install pandas")
    ]


def test_the_package_is_of_there(notebook: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "nb.ipynb", "-o", "made", "--record"]) == 0
    assert "onlythere==1.0" in (tmp_path / "made" / "requirements.lock").read_text().split()
    recorded = json.loads((tmp_path / "made" / "tests" / "data" / "load.json").read_text())
    assert recorded["gives"]["rows"] == {"value": [1, 2, 3]}
    assert main(["verify", "nb.ipynb", "made"]) == 2
    assert "has no ipykernel; `" in capsys.readouterr().err


def test_a_kernel_that_is_not_here_is_told_and_the_notebook_runs(
    notebook: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(
        notebook,
        [code("import sys\nprint(sys.prefix)")],
        kernelspec={"name": "gone", "display_name": "", "language": "python"},
    )
    assert main(["run", "nb.ipynb", "-o", "out.ipynb"]) == 0
    assert "there is no kernel `gone` here: steps run by the Python that runs nb2pipe" in capsys.readouterr().err
    assert _cells("out.ipynb") == [sys.prefix]


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"release": [3, 9, 1]}, "which is Python 3.9.1; nb2pipe runs cells on Python 3.11 or later"),
        ({"release": [3, 12, 0], "ipython": None}, "which has no IPython; `{program} -m pip install ipython` installs it"),
        ({"release": [3, 12, 0], "ipython": "7.34.0"}, "which has IPython 7.34.0; nb2pipe needs 8.20 or later"),
        (None, "which is no Python that works: it says nothing"),
    ],
    ids=["old", "no IPython", "old IPython", "nothing"],
)  # fmt: skip
def test_an_interpreter_that_will_not_do_ends_it_before_anything_runs(
    said: Any, problem: str, notebook: Path, install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{'' if said is None else json.dumps(said)}\nEND\n")
    program.chmod(0o755)
    install("bad", program)
    write(notebook, ["open('ran', 'w')"], kernelspec={"name": "bad", "display_name": "", "language": "python"})
    for command in (["run", "nb.ipynb"], ["plan", "nb.ipynb"], ["run", "nb.ipynb", "--python", str(program)]):
        assert main(command) == 2
        assert problem.format(program=program) in capsys.readouterr().err
    assert main(["graph", "nb.ipynb"]) == 0  # which runs nothing
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--kernel", "nowhere"], "there is no kernel `nowhere` here; give --kernel one of `python3`, `theirs`"),
        (["--python", "/nowhere/python"], "there is no program /nowhere/python to run steps with"),
        (["--python", "python3", "--kernel", "theirs"], "not allowed with argument"),
        (["--python", "python3", "--engine", "papermill"], "--python goes with the local engine"),
        (["--kernel", "theirs", "--engine", "dask"], "--kernel does not go with --engine dask"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_was_asked_for_has_to_be_there(arguments: Any, problem: str, notebook: Path, capsys: Any) -> None:
    assert notebook.exists()
    try:
        found = main(["run", "nb.ipynb", *arguments])
    except SystemExit as end:
        found = int(str(end.code))
    assert (found, problem in capsys.readouterr().err) == (2, True)


def test_a_sweep_runs_there(notebook: Path, other: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cells = [
        code("rate = 1", "parameters"),
        code("import onlythere\nthing = onlythere.Thing(rate)\nn = thing.n", "metrics"),
    ]
    write(notebook, cells, kernelspec={"name": "theirs", "display_name": "", "language": "python"})
    assert main(["run", "nb.ipynb", "-p", "rate", "1,2", "--sweep", "--format", "json"]) == 0
    assert capsys.readouterr().out.count('"ok"') == 2
