"""`run --sweep` and `plan --sweep`: a notebook for each combination, what is shared once, and one table."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest

from nb2pipe.cli.main import main
from tests.making import code, shown, write
from tests.oracle import run_in_kernel

CELLS = [
    code("region = 'eu'\nrate = 0.5\ntitle = 'plain'", "parameters"),
    code("import random\nrandom.seed(1)\ntotal = random.random()", "step:load"),
    code("import time\nbegan = time.time()", "step:clock"),
    code("scaled = total * len(region)", "step:features"),
    code("if region == 'bad':\n    raise ValueError('no such region')\nscore = scaled * rate + random.random()\nprint(title, region, score)",
         "step:train", "metrics"),
    code("print(score > 1, began > 0)", "step:show"),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".nb2pipe").mkdir()
    write(tmp_path / "nb.ipynb", CELLS)
    return tmp_path


def steps_run(capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    """How often each step was run, by the records."""
    capsys.readouterr()
    main(["runs", "list", "-n", "100", "--format", "json"])
    counts: dict[str, int] = {}
    for run in json.loads(capsys.readouterr().out):
        for step in run["steps"]:
            counts[step["name"]] = counts.get(step["name"], 0) + (step["status"] == "ok")
    return counts


def outputs(document: Any) -> list[str]:
    return [
        shown(cell["outputs"])
        for cell in document["cells"]
        if "injected-parameters" not in cell["metadata"].get("tags", ())
    ]


def test_a_sweep_runs_what_is_shared_once_and_gives_what_fresh_kernels_give(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["nb.ipynb", "-p", "region=eu,asia", "-p", "rate", "0.25,4", "-p", "title=fair", "--sweep", "--jobs", "2"]
    assert main(["plan", *words[:-2], "--format", "json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["combinations"] == 4
    assert plan["one_by_one"] is None
    expected = {s["step"]: s["runs"] for s in plan["steps"]}
    assert expected == {"load": 1, "clock": 4, "features": 2, "train": 4, "show": 4}
    assert main(["run", *words, "-o", "out.ipynb", "--format", "json"]) == 0
    said = capsys.readouterr()
    assert "4 combinations (2 of region, 2 of rate), 2 at once" in said.err
    table = json.loads(said.out)
    assert table["parameters"] == ["region", "rate"]
    assert [r["parameters"] for r in table["runs"]] == [
        {"region": r, "rate": f} for r in ("eu", "asia") for f in (0.25, 4.0)
    ]
    assert {r["status"] for r in table["runs"]} == {"ok"}
    assert steps_run(capsys) == expected
    for row in table["runs"]:
        found = folder / row["output"]
        assert found.name == f"out-region={row['parameters']['region']}-rate={row['parameters']['rate']}.ipynb"
        document = nbformat.read(found, 4)
        mine = outputs(document)
        assert mine == outputs(run_in_kernel(document, folder))
        assert mine[4] == f"fair {row['parameters']['region']} {row['metrics']['score']}"
    # the table again, in its other forms, and the runs of the list
    assert main(["runs", "compare", table["sweep"], "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == table
    assert main(["runs", "compare", "last", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(r["region"], r["rate"], float(r["score"])) for r in rows] == [
        (r["parameters"]["region"], str(r["parameters"]["rate"]), r["metrics"]["score"]) for r in table["runs"]
    ]
    assert main(["runs", "compare", table["sweep"]]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["region", "rate", "status", "time", "cached", "score", "run"]
    assert len(lines) == 5
    for words, message in (
        (["compare", table["runs"][0]["run"]], "is one run: name a second one, or a sweep"),
        (["compare", "sweep-1999"], "no sweep is named sweep-1999"),
        (["compare", table["sweep"], "--format", "html"], "the table of a sweep is text, json or csv"),
    ):
        assert main(["runs", *words]) == 2
        assert message in capsys.readouterr().err


def test_a_combination_that_fails_leaves_the_others(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "grid.yaml").write_text("region: [bad, eu]\nrate: 2\n")
    assert main(["run", "nb.ipynb", "-f", "grid.yaml", "--sweep", "--until", "train", "--no-cache"]) == 1
    said = capsys.readouterr()
    bad, good = said.out.splitlines()[1:]
    assert bad.startswith("bad     failed")
    assert "train: ValueError: no such region" in bad
    assert good.startswith("eu      ok")
    assert "more: nb2pipe open 20" in said.err
    counts = steps_run(capsys)
    assert (counts["load"], counts["train"], counts.get("show", 0)) == (2, 1, 0)  # nothing is shared without the cache
    assert main(["run", "nb.ipynb", "-f", "grid.yaml", "--sweep", "--fail-fast", "--jobs", "1", "--format", "csv"]) == 1
    assert [r["status"] for r in csv.DictReader(io.StringIO(capsys.readouterr().out))] == ["failed", "not run"]
    assert main(["runs", "list", "--pipeline", "nb", "-n", "3"]) == 0
    assert sorted(line.split()[1] for line in capsys.readouterr().out.splitlines()) == ["failed", "failed", "ok"]


def test_combinations_of_a_notebook_that_writes_files_run_one_after_another(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(
        folder / "nb.ipynb",
        [
            code("n = 1", "parameters"),
            code(
                "import time\nwith open('shared.txt', 'w') as file:\n    file.write(str(n))\ntime.sleep(0.3)",
                "step:write",
            ),
            code("print(open('shared.txt').read())", "step:read"),
        ],
    )
    assert main(["run", "nb.ipynb", "-p", "n", "1,2,3", "--sweep", "-o", "out", "--jobs", "3", "--format", "json"]) == 0
    said = capsys.readouterr()
    assert "one after another: write writes shared.txt" in said.err
    assert [outputs(nbformat.read(folder / r["output"], 4))[-1] for r in json.loads(said.out)["runs"]] == [
        "1",
        "2",
        "3",
    ]
    assert json.loads(said.out)["runs"][0]["output"] == "out/nb-n=1.ipynb"


def test_combinations_that_were_seen_to_touch_one_file_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hidden = "import io, time\nopener = {'a': io.FileIO}['a']\nfile = opener('txt.derahs'[::-1], 'w')\nfile.write(str(n).encode())\nfile.close()\ntime.sleep(2)"
    write(folder / "nb.ipynb", [code("n = 1", "parameters"), code(hidden, "step:write"), code("print(n)", "step:show")])
    assert main(["run", "nb.ipynb", "-p", "n", "1,2", "--sweep", "--jobs", "2", "--format", "json"]) == 3
    said = capsys.readouterr()
    rows = json.loads(said.out)["runs"]
    assert [r["status"] for r in rows] == ["refused", "refused"]
    assert rows[0]["error"] == "shared.txt was touched by n=2 at the same time; `--jobs 1` runs one after another"
    main(["runs", "list", "--status", "refused", "--format", "json"])
    assert {r["id"] for r in json.loads(capsys.readouterr().out)} == {r["run"] for r in rows}
    assert main(["run", "nb.ipynb", "-p", "n", "1,2", "--sweep", "--jobs", "1"]) == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--sweep"], "no parameter is given several values, such as `-p region A,B`"),
        (["--sweep", "-p", "regon=eu,us"], "did you mean `region`?"),
        (["--sweep", "-p", "rate", "1,x"], "parameter `rate`: expected float, got str ('x')"),
        (["--sweep", "-p", "rate", "1,2,3", "--max-runs", "2"], "3 combinations (3 of rate), more than 2; `--max-runs 3` runs them"),
        (["--sweep", "-p", "rate", "1,2", "--resume", "last"], "it goes with no --resume; run the sweep again"),
        (["--sweep", "-p", "rate", "1,2", "--only", "load"], "it goes with no --only"),
        (["--sweep", "-p", "rate", "1,2", "--guards", "off"], "--sweep needs the guards"),
        (["--sweep", "-p", "rate", "1,2", "--engine", "papermill"], "--sweep goes with the local engine"),
        (["--sweep", "-p", "rate", "1,2", "--until", "lode"], "lode"),
        (["--sweep", "-p", "rate", "1,2", "-o", "out.txt"], ".ipynb or .html"),
        (["--max-runs", "2"], "--max-runs goes with --sweep"),
        (["--format", "csv"], "--format goes with --sweep"),
        (["-p", "rate", "1,2"], "got str ('1,2'); --sweep runs the notebook for each of several values"),
    ],
)  # fmt: skip
def test_wrong_inputs_are_told_before_anything_runs(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert main(["run", "nb.ipynb", *words]) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""
    assert not (folder / ".nb2pipe" / "results").exists() or main(["runs", "list"]) == 0


def test_a_value_stands_in_one_word_with_its_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "nb.ipynb", "-p", "title=a=b", "--format", "json"]) == 0
    assert main(["plan", "nb.ipynb", "-p", "titel=a", "--format", "json"]) == 2
    assert "did you mean `title`?" in capsys.readouterr().err


def started(*words: str, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "nb2pipe", *words], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def of_session(mark: str) -> list[int]:
    """The processes whose environment has the mark."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and mark.encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]


def test_a_notebook_with_secrets_is_not_swept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "nb.ipynb", [code("n = 1", "parameters"), code("print(n)", "step:ask", "secret:API_TOKEN")])
    assert main(["run", "nb.ipynb", "-p", "n=1,2", "--sweep"]) == 2
    assert "step ask asks for the secret API_TOKEN" in capsys.readouterr().err


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
def test_no_process_is_left(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], how: signal.Signals
) -> None:
    mark = f"NB2PIPE_TEST_MARK={folder.name}-{os.getpid()}-{how}"
    monkeypatch.setenv(*mark.split("="))
    cells = [code("n = 1", "parameters"), code("import time\ntime.sleep(60 + n)", "step:wait")]
    write(folder / "nb.ipynb", cells)
    process = started("run", "nb.ipynb", "-p", "n=1,2,3,4", "--sweep", "--jobs", "2", cwd=folder)
    until = time.monotonic() + 60
    running: list[Any] = []
    while time.monotonic() < until and len(running) < 2:
        time.sleep(0.2)
        capsys.readouterr()
        main(["runs", "list", "--status", "running", "--format", "json"])
        running = [r for r in json.loads(capsys.readouterr().out or "[]") if r["steps"]]
    assert len(running) == 2
    process.send_signal(how)
    out, err = process.communicate(timeout=60)
    while time.monotonic() < until and of_session(mark):
        time.sleep(0.1)
    assert of_session(mark) == []
    assert "Traceback" not in err
    main(["runs", "list", "--format", "json"])
    statuses = [r["status"] for r in json.loads(capsys.readouterr().out)]
    assert sorted(statuses) == ["interrupted", "interrupted"]
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert [line.split()[1] for line in out.splitlines()[1:]] == ["interrupted", "interrupted", "not", "not"]
