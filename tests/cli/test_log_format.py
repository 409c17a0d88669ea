"""`run --log-format json`: each event of a run is an object of JSON in a line of stderr, and there is nothing else."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nb2pipe.cli.main import main
from tests.making import code, write

Run = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs cells, a step each, and gives the events."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NB2PIPE_STORE", str(tmp_path / "store"))

    def run(*cells: Any, arguments: tuple[str, ...] = (), code: int = 0) -> list[dict[str, Any]]:
        if cells:
            write(tmp_path / "nb.ipynb", cells)
        assert main(["run", "nb.ipynb", "--log-format", "json", *arguments]) == code
        said = capsys.readouterr()
        assert said.out == ""
        events: list[dict[str, Any]] = [json.loads(line) for line in said.err.splitlines()]
        for event in events:
            assert dt.datetime.fromisoformat(event["time"]).utcoffset() == dt.timedelta(0)
        return events

    return run


def _brief(events: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(e["event"], *(e[k] for k in ("step", "status", "exit_code") if k in e)) for e in events]


def test_a_run_that_is_cached_then(run: Run) -> None:
    cells = (
        code("x = 1", "step:make"),
        code("from nb2pipe import log_metric\nlog_metric('n', x)\nprint(x)", "step:show"),
    )
    events = run(*cells, arguments=("--cache", "-o", "out.ipynb"))
    assert _brief(events) == [
        ("run-started",), ("step-started", "make"), ("step-ended", "make", "ok"), ("step-started", "show"), ("metric", "show"),
        ("step-ended", "show", "ok"), ("run-ended", "ok", 0),
    ]  # fmt: skip
    assert events[0]["steps"] == ["make", "show"]
    assert (events[4]["name"], events[4]["value"], events[4]["place"]) == ("n", 1.0, None)
    ended = events[2]
    assert ended["started"] < ended["ended"] <= ended["time"]
    assert ended["seconds"] > 0
    assert ended["memory"] > 1 << 20
    assert (events[-1]["steps"], events[-1]["output"]) == ({"ok": 2}, "out.ipynb")
    again = run(arguments=("--cache",))
    assert _brief(again) == [
        ("run-started",), ("step-ended", "make", "cached"), ("step-ended", "show", "cached"), ("run-ended", "ok", 0),
    ]  # fmt: skip
    assert {frozenset(e) for e in (*events, *again) if e["event"] == "step-ended"} == {frozenset(ended)}


def test_a_step_that_fails(run: Run) -> None:
    cells = (code("x = 1 / 0", "step:make", "retries:1"), code("print(x)", "step:show"), code("z = 1", "step:apart"))
    events = run(*cells, arguments=("--until", "show", "--jobs", "1"), code=1)
    assert [e for e in _brief(events)[1:] if e[0] != "diagnostic"] == [
        ("step-ended", "apart", "left out"), ("step-started", "make"), ("step-retried", "make"), ("step-started", "make"),
        ("step-ended", "make", "failed"), ("step-ended", "show", "not run"), ("run-ended", "failed", 1),
    ]  # fmt: skip
    failed = next(e for e in events if e.get("status") == "failed" and e["event"] == "step-ended")
    assert (failed["cell"], failed["error"], failed["message"]) == (
        0,
        "ZeroDivisionError",
        "ZeroDivisionError: division by zero",
    )
    assert [e["attempt"] for e in events if e["event"] == "step-started"] == [1, 2]
    assert "division by zero" in next(e for e in events if e["event"] == "step-retried")["output"]


def test_what_is_refused_and_what_cannot_be(run: Run) -> None:
    refused = run(code("print(x)", "step:b", "after:c"), code("x = 1", "step:c", "after:b"), code=3)
    assert _brief(refused)[-1] == ("run-ended", "refused", 3)
    assert {e["code"] for e in refused if e["event"] == "diagnostic"}
    wrong = run(code("x = 1", "parameters"), arguments=("-p", "y", "2"), code=2)
    assert _brief(wrong)[-1] == ("run-ended", "error", 2)
    assert "y" in wrong[-1]["message"]


def test_what_tells_of_several_runs_does_not_go_with_it(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("x = 1")
    for option in ("--sweep", "--watch"):
        assert main(["run", "nb.ipynb", "--log-format", "json", option]) == 2
        assert f"does not go with {option}" in capsys.readouterr().err
