"""What a page asks for and gets, without a server."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nb2pipe import api
from nb2pipe.notebook.load import load
from nb2pipe.server.work import WORK
from nb2pipe.server.worker import serve

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_notebooks"


def code(source: str, *tags: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "source": source,
        "metadata": {"tags": list(tags)},
        "outputs": [],
        "execution_count": None,
    }


def document(*cells: dict[str, Any]) -> dict[str, Any]:
    numbered = [{**cell, "id": f"id{i}"} for i, cell in enumerate(cells)]
    return {"cells": numbered, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def ask(what: str, **request: Any) -> dict[str, Any]:
    return WORK[what](request, lambda event: None)


def analyse(*cells: dict[str, Any]) -> dict[str, Any]:
    return ask("analyse", document=document(*cells), path="analysis.ipynb")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a server, with the samples in a folder of their own."""
    shutil.copytree(SAMPLES, tmp_path / "samples")
    (tmp_path / ".nb2pipe").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_analysis_is_what_graph_and_check_say(monkeypatch: pytest.MonkeyPatch) -> None:
    from nb2pipe.pipeline.document import to_document as graph
    from nb2pipe.report.document import to_document as finding

    path = str(SAMPLES / "exploration_mess.ipynb")
    compiled = api.compile_notebook(api.load(path))
    found = ask("analyse", document=load(path), path=path)
    expected = graph(compiled.pipeline)
    assert found["edges"] == expected["edges"]
    assert found["words"]["<ipython>"] == {"text": "IPython settings", "said": ["IPython settings"]}
    assert "df" not in found["words"]
    assert [
        {k: s[k] for k in ("name", "cells", "inputs", "outputs", "parameters")} for s in found["steps"]
    ] == expected["steps"]
    checked = [finding(d) for d in api.check(compiled)]
    assert checked
    assert [{k: f[k] for k in checked[0]} for f in found["findings"]] == checked


def test_findings_say_what_their_sentences_were_made_of() -> None:
    found = analyse(code("print(late)"), code("late = 1"), code("f = open('/data/a.csv')\nprint(f.read())"))["findings"]
    [read] = [f for f in found if f["code"] == "NB103"]
    assert read["message"] == "`late` is read before any cell defines it"
    assert read["said"] == {
        "message": ["`%1` is read before any cell defines it", "late"],
        "why": ["top to bottom this is a NameError"],
        "hint": ["move cell %1 above cell %2", "2", "1"],
    }
    assert [(s["label"], s["said"]) for s in read["sites"]] == [("defined later", ["defined later"])]
    assert all(f["said"][part] is not None for f in found for part in ("message", "why", "hint") if f[part])
    assert all(s["said"] is not None for f in found for s in f["sites"])


def test_a_sentence_within_another_says_it_too() -> None:
    source = "raw = (i for i in [1])"
    [found] = [f for f in analyse(code(source, "step:a"), code("print(list(raw))", "step:b"))["findings"] if f["sites"]]
    template, *given = found["said"]["message"]
    assert template == "`%1` is %2, which cannot leave its process: the steps %3 run in one"
    assert given == ["raw", ["a %1", "generator"], "`a`, `b`"]


def test_cells_are_known_by_the_ids_that_they_had() -> None:
    found = analyse(code("x = 1", "step:a"), code("print(x)", "step:b"))
    assert found["ids"] == ["id0", "id1"]
    assert found["steps"][1]["producers"] == {"x": "a"}


def test_nothing_of_the_notebook_is_executed(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    analyse(
        code(f"import pathlib; pathlib.Path({str(mark)!r}).touch()"), code(f"!touch {mark}"), code("raise SystemExit")
    )
    assert not mark.exists()


def test_another_language_is_a_finding() -> None:
    asked = {**document(code("x <- 1")), "metadata": {"kernelspec": {"name": "ir", "language": "R"}}}
    found = ask("analyse", document=asked, path="r.ipynb")
    assert found["steps"] == []
    assert [f["code"] for f in found["findings"]] == ["NB701"]


def test_a_tag_that_is_nearly_right_has_its_right_one_as_a_fix() -> None:
    found = analyse(code("x = 1", "stpe:load"))
    fixes = [fix for f in found["findings"] if f["code"] == "NB301" for fix in f["fixes"]]
    assert fixes == [{"kind": "rename-tag", "cell": 0, "old": "stpe:load", "new": "step:load"}]


def test_a_name_defined_later_has_the_move_of_its_cell_as_a_fix() -> None:
    found = analyse(code("print(rate)"), code("rate = 2"))
    fixes = [f["fixes"] for f in found["findings"] if f["code"] == "NB103"]
    assert fixes == [[{"kind": "move-cell", "cell": 1, "above": 0}]]


def mended(cells: list[dict[str, Any]], fix: dict[str, Any]) -> list[dict[str, Any]]:
    """The cells with a fix, made as the page makes it."""
    cells = [json.loads(json.dumps(cell)) for cell in cells]
    tags = cells[fix["cell"]]["metadata"]["tags"]
    if fix["kind"] == "rename-tag":
        tags[tags.index(fix["old"])] = fix["new"]
    elif fix["kind"] == "add-tag":
        tags.append(fix["tag"])
    elif fix["kind"] == "move-cell":
        cells.insert(fix["above"], cells.pop(fix["cell"]))
    else:
        lines = cells[fix["cell"]]["source"].split("\n")
        cells[fix["cell"]]["source"] = "\n".join([*lines[: fix["line"] - 1], fix["text"], *lines[fix["line"] - 1 :]])
    return cells


@pytest.mark.parametrize(
    "cells",
    [
        [code("x = 1", "stpe:load")],
        [code("print(rate)"), code("rate = 2")],
        [code("import numpy as np\nprint(np.random.rand())")],
        [code("import random\nprint(random.random())")],
    ],
    ids=["typo of a tag", "defined later", "unseeded numpy", "unseeded random"],
)
def test_each_fix_mends_its_finding(cells: list[dict[str, Any]]) -> None:
    found = analyse(*cells)["findings"]
    fixes = [(f["code"], fix) for f in found for fix in f["fixes"]]
    assert fixes
    for finding, fix in fixes:
        assert finding not in [f["code"] for f in analyse(*mended(cells, fix))["findings"]], fix


def test_a_magic_stays_the_first_line() -> None:
    found = analyse(code("%%time\nimport random\nprint(random.random())"))
    assert {fix["kind"] for f in found["findings"] for fix in f["fixes"]} <= {"add-tag"}


def test_compile_writes_what_the_command_writes(folder: Path) -> None:
    answer = ask("compile", path="samples/churn_training.ipynb")
    subprocess.run(
        [sys.executable, "-m", "nb2pipe", "compile", "samples/churn_training.ipynb", "-o", "by_command", "--store", "other"],
        cwd=folder, check=True, capture_output=True, env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )  # fmt: skip
    assert answer["folder"] == "samples/churn_training"
    assert answer["version"]["kind"] == "first"
    written = {
        p.relative_to(folder / answer["folder"]): p.read_bytes()
        for p in (folder / answer["folder"]).rglob("*")
        if p.is_file()
    }
    other = {
        p.relative_to(folder / "by_command"): p.read_bytes() for p in (folder / "by_command").rglob("*") if p.is_file()
    }
    assert written == other
    assert {f["path"]: f["text"] for f in answer["files"]}["pyproject.toml"] == (
        folder / "by_command/pyproject.toml"
    ).read_text()


def test_versions_are_listed_compared_and_taken_back(folder: Path) -> None:
    path = "samples/churn_training.ipynb"
    assert ask("versions", path=path)["versions"] == []
    ask("compile", path=path)
    notebook = json.loads((folder / path).read_text())
    notebook["cells"][0]["source"] = "# Another title"
    (folder / path).write_text(json.dumps(notebook))
    answer = ask("compile", path=path)
    version = answer["version"]
    assert version["kind"] == "patch"
    files = "`README.md`, `pyproject.toml`, `__init__.py`"
    assert version["changes"] == [f"only text changed in {files}"]
    assert version["said"] == [["only text changed in %1", files]]
    assert answer["said"] == ["%1 steps, %2 files", *re.findall(r"\d+", answer["summary"])]
    listed = ask("versions", path=path)["versions"]
    assert [v["current"] for v in listed] == [True, False]
    assert listed[0]["said"] == version["said"]
    difference = ask("difference", path=path, old=listed[1]["version"], new=None)
    assert difference["to"] == listed[0]["version"]
    assert [c["said"] for c in difference["changes"]] == version["said"]
    assert ask("rollback", path=path, version=listed[1]["version"])["current"] == listed[1]["version"]
    assert [v["current"] for v in ask("versions", path=path)["versions"]] == [False, True]


def test_a_run_says_what_happens_and_writes_the_executed_notebook(folder: Path) -> None:
    heard: list[dict[str, Any]] = []
    request = {
        "path": "samples/monthly_sales_report.ipynb",
        "output": "samples/out.ipynb",
        "parameters": {"month": "2026-03"},
    }
    answer = WORK["run"](request, heard.append)
    assert answer["ok"]
    assert [e["step"] for e in heard if e["event"] == "started"].count("by_region") == 1
    assert {e["status"] for e in heard if e["event"] == "ended"} == {"ok"}
    assert "2026-03" in (folder / "samples" / "out.ipynb").read_text()


def test_a_verdict_says_what_its_sentences_were_made_of(folder: Path) -> None:
    cells = [code("import os\nnumber = os.getpid()", "step:a"), code("print(1)", "step:b")]
    (folder / "a.ipynb").write_text(json.dumps(document(*cells)))
    answer = ask("verify", path="a.ipynb")
    assert (answer["verdict"], answer["notes"], answer["said"]) == ("UNKNOWN", [], [])
    assert [(u["name"], u["said"]) for u in answer["unknown"]] == [
        ("number", ["the notebook itself gives another one each time"])
    ]


def asked(*lines: Any) -> list[dict[str, Any]]:
    """What the process answers to these requests."""
    out = io.StringIO()
    serve([line if isinstance(line, str) else json.dumps(line) for line in lines], out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_the_process_goes_on_behind_a_request_that_fails() -> None:
    good = {"what": "analyse", "request": {"document": document(code("x = 1")), "path": "a.ipynb"}}
    kinds = [next(iter(a.values())).get("kind") for a in asked("{", {"what": "none", "request": {}}, good)]
    assert kinds == ["fault", "fault", None]


def test_a_wrong_request_is_told_as_the_users_own(folder: Path) -> None:
    [answer] = asked({"what": "compile", "request": {"path": "samples/none.ipynb"}})
    assert answer["failure"]["kind"] == "usage"
    template, path, *_ = answer["failure"]["said"]
    assert template.startswith("%1: there is no such file")
    assert path == "samples/none.ipynb"
    assert str(folder) not in answer["failure"]["message"]


def test_the_process_ends_when_nobody_asks_any_longer(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "nb2pipe.server.worker"], input="", text=True, capture_output=True, timeout=60,
        cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")
