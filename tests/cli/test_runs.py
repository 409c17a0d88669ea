"""`plan` and `runs`: what a run with the cache would do, and what is kept of those that were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nb2pipe.cli.main import main
from tests.making import code, write


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".nb2pipe").mkdir()
    cells = [code("rate = 1", "parameters"), code("a = rate * 2", "step:load"), code("print(a)", "step:show")]
    write(tmp_path / "nb.ipynb", cells)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(arguments) == code
    return capsys.readouterr().out


def data(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    return json.loads(said(capsys, *arguments, "--format", "json"))


def test_runs_are_planned_recorded_and_compared(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = data(capsys, "plan", "nb.ipynb")
    assert [(r["step"], r["action"]) for r in before] == [("load", "run"), ("show", "depends")]
    assert said(capsys, "runs", "list") == ""
    said(capsys, "run", "nb.ipynb", "--cache", "-o", "one.ipynb")
    said(capsys, "run", "nb.ipynb", "--cache", "-o", "two.ipynb", "-p", "rate", "5")
    assert "parameter rate changed: 5 -> 3" in said(capsys, "plan", "nb.ipynb", "-p", "rate", "3")
    assert {r["action"] for r in data(capsys, "plan", "nb.ipynb")} == {"cached"}
    last, first = data(capsys, "runs", "list")
    assert (last["status"], last["parameters"]) == ("ok", {"rate": 5})
    assert [(s["name"], s["status"]) for s in last["steps"]] == [("load", "ok"), ("show", "ok")]
    rows = {(r["what"], r["name"]) for r in data(capsys, "runs", "compare", first["id"], "last")}
    assert rows == {("parameter", "rate"), ("value", "load.a")}
    assert "parameter rate changed: 1 -> 5" in said(capsys, "runs", "show", last["id"][:-1])
    said(capsys, "run", "nb.ipynb", "--cache", "-o", "three.ipynb")
    assert {s["status"] for s in data(capsys, "runs", "show", "last")["steps"]} == {"cached"}
    cells = [json.loads((folder / f"{name}.ipynb").read_text())["cells"][-1]["outputs"] for name in ("one", "three")]
    assert cells[0] == cells[1] != []
    said(capsys, "runs", "rm", last["id"])
    assert len(data(capsys, "runs", "list")) == 2
    assert main(["runs", "show", last["id"]]) == 2
    assert "no run is named" in capsys.readouterr().err


def test_a_run_whose_process_is_gone_is_lost(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from nb2pipe.store.database import connect
    from nb2pipe.store.runs import Run, begin

    database = connect(folder / ".nb2pipe" / "results")
    begin(
        database,
        Run(
            "20260101-000000-0000",
            "nb.ipynb",
            "running",
            1.0,
            None,
            {"pid": 1, "process": "no", "parameters": {}, "code": ""},
        ),
    )
    database.close()
    assert data(capsys, "runs", "list")[0]["status"] == "lost"


def test_runs_are_chosen(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from nb2pipe.store.database import connect
    from nb2pipe.store.runs import Run, begin, end

    database = connect(folder / ".nb2pipe" / "results")
    facts = {"parameters": {}, "code": "", "pid": 1, "process": "no"}
    for number, (notebook, pipeline, status) in enumerate(
        [
            ("/a/nb.ipynb", "nb", "ok"),
            ("/b/nb.ipynb", "sales", "failed"),
            ("/b/other.ipynb", "other", "ok"),
            ("/b/nb.ipynb", "nb", ""),
        ]
    ):
        name = f"2026010{number + 1}-000000-000{number}"
        begin(
            database,
            Run(name, notebook, "running", 1767225600.0 + 86400 * number, None, {**facts, "pipeline": pipeline}),
        )
        if status:
            end(database, name, status)
    database.close()

    def chosen(*options: str) -> list[int]:
        return [int(r["id"][-1]) for r in data(capsys, "runs", "list", *options)]

    assert chosen() == [3, 2, 1, 0]
    assert chosen("-n", "1") == [3]
    assert chosen("--pipeline", "nb") == chosen("--pipeline", "nb.ipynb") == [3, 1, 0]
    assert chosen("--pipeline", "sales") == [1]
    assert chosen("--pipeline", "/b/nb.ipynb") == [3, 1]
    assert chosen("--status", "ok") == [2, 0]
    assert chosen("--status", "lost") == [3]
    assert chosen("--status", "running") == []
    assert chosen("--since", "2026-01-02", "--before", "2026-01-04") == [2, 1]
    assert chosen("--since", "2026-01-02T00:00:01+00:00", "--status", "ok") == [2]
    assert chosen("--since", "1h") == []
    with pytest.raises(SystemExit):
        main(["runs", "list", "--since", "yesterday"])
    assert "expected a date such as 2026-11-26, or an age such as 7d, got 'yesterday'" in capsys.readouterr().err


def test_the_executed_notebook_and_the_report_are_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "run", "nb.ipynb", "--cache", "-o", "one.ipynb")
    said(capsys, "runs", "notebook", "last", "-o", "two.ipynb")
    one, two = (json.loads((folder / f"{name}.ipynb").read_text()) for name in ("one", "two"))
    assert one["cells"] == two["cells"]
    run = data(capsys, "runs", "show", "last")["id"]
    said(capsys, "runs", "report", "last")
    assert (folder / f"run-{run}.html").read_text().startswith("<!DOCTYPE html>")
    assert main(["runs", "notebook", "last", "-o", "nb.ipynb"]) == 2


def test_a_run_is_recorded_without_the_cache(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        said(capsys, "run", "nb.ipynb", "--record")
    assert [s["reason"] for s in data(capsys, "runs", "show", "last")["steps"]] == ["every step was to run"] * 2
    said(capsys, "run", "nb.ipynb", "--cache")
    assert [s["status"] for s in data(capsys, "runs", "show", "last")["steps"]] == ["cached"] * 2
