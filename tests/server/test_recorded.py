"""What a page asks of the runs of its notebook, without a server: each test goes on with what the runs before it left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nb2pipe.diagnostics import UsageError
from nb2pipe.server.work import WORK
from tests.server.test_work import code, document

SCRIPT = "<script>alert(1)</script>"


def ask(what: str, /, **request: Any) -> dict[str, Any]:
    return WORK[what](request, lambda event: None)


def heard(what: str, /, **request: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    events: list[dict[str, Any]] = []
    return events, WORK[what](request, events.append)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A notebook that has run well with one rate, and failed with another; and one beside it."""
    found = tmp_path_factory.mktemp("recorded")
    (found / ".nb2pipe").mkdir()
    cells = [
        code("rate = 2", "parameters"),
        code(f"print('loads', {SCRIPT!r})\nrows = list(range(1000))", "step:load"),
        code("import math\nroot = math.sqrt(rate)\nprint(root)", "step:divide", "metrics"),
        code("print(len(rows))", "step:other"),
    ]
    (found / "a.ipynb").write_text(json.dumps(document(*cells)))
    (found / "b.ipynb").write_text(json.dumps(document(code("x = 1"))))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(found)
        ask("run", path="a.ipynb", cache=True)
        ask("run", path="a.ipynb", cache=True, parameters={"rate": "-1"})
        ask("run", path="b.ipynb", cache=True)
        yield found


def listed() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask("runs", path="a.ipynb")["runs"]
    return found


def test_the_runs_of_the_notebook_are_listed_the_newest_first(folder: Path) -> None:
    failed, well = listed()[-2:]
    assert (well["status"], well["parameters"], well["count"], well["cached"], well["failed"]) == ("ok", {}, 3, 0, [])
    assert (failed["status"], failed["parameters"], failed["cached"]) == ("failed", {"rate": "-1"}, 2)
    assert [f["step"] for f in failed["failed"]] == ["divide"]
    found = ask("run-of", path="a.ipynb", run=well["id"])
    assert {s["name"]: s["status"] for s in found["steps"]} == {"load": "ok", "divide": "ok", "other": "ok"}
    assert found["metrics"]["root"] == pytest.approx(2**0.5)
    assert next(s for s in found["steps"] if s["name"] == "load")["given"] > 1000


def test_a_notebook_that_never_ran_has_no_runs_and_no_store_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "new.ipynb").write_text(json.dumps(document(code("x = 1"))))
    assert ask("runs", path="new.ipynb") == {"runs": []}
    assert [p.name for p in tmp_path.iterdir()] == ["new.ipynb"]


def test_a_plan_says_what_runs_and_why(folder: Path) -> None:
    actions = {s["step"]: s["action"] for s in ask("plan", path="a.ipynb")["steps"]}
    assert actions == {"load": "cached", "divide": "cached", "other": "cached"}
    steps = {s["step"]: s for s in ask("plan", path="a.ipynb", parameters={"rate": "3"})["steps"]}
    assert {n: s["action"] for n, s in steps.items()} == {"load": "cached", "divide": "run", "other": "cached"}
    assert steps["divide"]["reason"] == "parameter rate changed: 2 -> 3"
    assert steps["divide"]["said"] == ["parameter %1 changed: %2 -> %3", "rate", "2", "3"]
    assert steps["load"]["said"] == ["nothing changed"]
    with pytest.raises(UsageError, match="expected int"):
        ask("plan", path="a.ipynb", parameters={"rate": "much"})


def test_two_runs_are_compared(folder: Path) -> None:
    failed, well = listed()[-2:]
    found = ask("comparison", path="a.ipynb", old=well["id"], new=failed["id"])
    told = [(d["what"], d["name"]) for d in found["differences"]]
    assert ("parameter", "rate") in told
    assert ("step", "divide") in told
    assert found["code"] == []
    assert (found["missing"], found["said"]) == ("", None)


def test_what_two_runs_differ_in_says_what_it_was_made_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for number in (1, 2):
        (tmp_path / "a.ipynb").write_text(json.dumps(document(code(f"rows = [0, {number}]", "step:load"))))
        ask("run", path="a.ipynb")
    new, old = (run["id"] for run in listed())
    found = ask("comparison", path="a.ipynb", old=old, new=new)
    assert [(c["name"], c["said"]) for c in found["code"]] == [("cell 1", ["cell %1", "1"])]
    assert {key for d in found["differences"] for key in d["said"]} <= {"name", "old", "new", "where"}


def test_why_a_step_ran_or_failed_says_what_it_was_made_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cells = [
        code("import time\nnow = time.time()", "step:clock"),
        code("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)", "step:ended", "retries:1"),
        code("print(1)", "step:behind", "after:ended"),
    ]
    (tmp_path / "a.ipynb").write_text(json.dumps(document(*cells)))
    events, answer = heard("run", path="a.ipynb", cache=True)
    steps = answer["steps"]
    assert (steps["clock"]["reason"], steps["clock"]["said"]) == (
        "reads the clock: never cached",
        {"detail": None, "reason": ["%1: never cached", ["reads the clock"]]},
    )
    ended = ["its process was ended by %1", "SIGTERM"]
    assert [(f["step"], f["said"]) for f in answer["failures"]] == [("ended", ended)]
    assert steps["behind"]["said"]["detail"] == ["%1 failed", "ended"]
    [note] = [e for e in events if e["event"] == "note"]
    assert note["text"].startswith("ended is tried again: attempt 1 of 2: its process was ended by SIGTERM; tried")
    template, step, why = note["said"]
    assert (template, step, why[:4]) == (
        "%1 is tried again: %2",
        "ended",
        ["attempt %1 of %2: %3; tried again in %4 s", "1", "2", ended],
    )
    assert [e["said"] for e in events if e["event"] == "ended" and e["step"] == "behind"] == [steps["behind"]["said"]]
    [run] = listed()
    assert run["failed"] == [{"step": "ended", "detail": "its process was ended by SIGTERM", "said": ended}]
    read = ask("run-of", path="a.ipynb", run=run["id"])
    assert {s["name"]: s["said"] for s in read["steps"]} == {name: step["said"] for name, step in steps.items()}


def test_why_nothing_was_kept_of_a_step_says_what_it_was_made_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cells = [code("import uuid\nx = uuid.uuid4().hex", "step:draw")]
    (tmp_path / "a.ipynb").write_text(json.dumps(document(*cells)))
    ask("run", path="a.ipynb", cache=True)
    [step] = ask("plan", path="a.ipynb")["steps"]
    assert step["reason"] == "draws random numbers of the system: not cached"
    assert step["said"] == ["%1: not cached", ["draws random numbers of the system"]]


def test_what_a_run_notes_says_what_it_was_made_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cells = [code("raw = (i for i in [1])", "step:a"), code("print(list(raw))", "step:b")]
    (tmp_path / "a.ipynb").write_text(json.dumps(document(*cells)))
    events, answer = heard("run", path="a.ipynb")
    said = ["%1 cannot leave its process, so %2 run in one", "`raw` (generator)", ["%1 and %2", "a", "b"]]
    assert answer["notes"] == ["`raw` (generator) cannot leave its process, so a and b run in one"]
    assert answer["said"] == [said]
    assert [e["said"] for e in events if e["event"] == "note"] == [said]


def test_no_run_of_another_notebook_is_opened(folder: Path) -> None:
    [other] = ask("runs", path="b.ipynb")["runs"]
    mine = listed()[0]["id"]
    for what, request in [
        ("run-of", {"run": other["id"]}),
        ("comparison", {"old": mine, "new": other["id"]}),
        ("opened", {"run": other["id"], "what": "notebook"}),
        ("opened", {"run": mine, "what": "comparison", "other": other["id"]}),
    ]:
        with pytest.raises(UsageError, match=r"is no run of a\.ipynb"):
            ask(what, path="a.ipynb", **request)
    with pytest.raises(UsageError, match="is one of"):
        ask("run", path="a.ipynb", resume=other["id"])


def test_what_is_made_of_a_run_stands_beside_its_notebook(folder: Path) -> None:
    failed, well = (run["id"] for run in listed()[-2:])
    for request, name in [
        ({"run": well, "what": "notebook"}, f"a-{well}.ipynb"),
        ({"run": well, "what": "report"}, f"run-{well}.html"),
        ({"run": well, "what": "comparison", "other": failed}, f"run-{well}-{failed}.html"),
        ({"run": failed, "what": "step"}, f"divide-{failed}.ipynb"),
        ({"run": well, "what": "step", "step": "load"}, f"load-{well}.ipynb"),
    ]:
        assert ask("opened", path="a.ipynb", **request) == {"path": name}
        text = (folder / name).read_text()
        assert text
        assert name.endswith(".ipynb") or SCRIPT not in text
    assert "take(" in (folder / f"divide-{failed}.ipynb").read_text()


def test_a_run_that_failed_is_gone_on_with(folder: Path) -> None:
    failed = next(run for run in listed() if run["status"] == "failed")
    events, answer = heard("run", path="a.ipynb", cache=True, resume=failed["id"])
    assert not answer["ok"]
    assert {n: s["cached"] for n, s in answer["steps"].items()} == {"load": True, "divide": False, "other": True}
    assert any("goes on with run" in e["text"] for e in events if e["event"] == "note")
    assert listed()[0]["id"] == answer["run"] != failed["id"]
    # cells that come from the cache print nothing now
    assert {e["step"] for e in events if e["event"] == "text"} <= {"divide"}


def test_a_failure_names_the_cell_of_the_notebook_where_parameters_are_injected_too(folder: Path) -> None:
    _, answer = heard("run", path="a.ipynb", output="out.ipynb", parameters={"rate": "-1"})
    [failure] = answer["failures"]
    assert (failure["step"], failure["cell"]) == ("divide", 2)
    assert "ValueError" in failure["traceback"][-1]


def test_what_a_step_prints_is_told_while_it_runs(folder: Path) -> None:
    cells = [
        code(
            "import time\nprint('begins', flush=True)\ntime.sleep(1)\nprint('x' * 100_000)\nprint('ends')", "step:talk"
        )
    ]
    (folder / "talk.ipynb").write_text(json.dumps(document(*cells)))
    events, answer = heard("run", path="talk.ipynb")
    texts = [e["text"] for e in events if e["event"] == "text"]
    assert texts[0] == "begins\n"
    assert texts[-1].endswith("x\nends\n")
    assert max(map(len, texts)) <= 20_000
    assert [e["event"] for e in events][-1] == "ended"
    assert answer["steps"]["talk"]["memory"] > 0
    assert answer["run"]  # without the cache too


def test_a_sweep_gives_its_table(folder: Path) -> None:
    planned = ask("plan-sweep", path="a.ipynb", parameters={"rate": "4,9"})
    assert (planned["count"], {s["step"]: s["runs"] for s in planned["steps"]}) == (
        2,
        {"load": 1, "divide": 2, "other": 1},
    )
    events, answer = heard("sweep", path="a.ipynb", cache=True, parameters={"rate": "4,9"})
    assert [(r["parameters"], r["status"], r["metrics"]["root"]) for r in answer["runs"]] == [
        ({"rate": 4}, "ok", 2.0),
        ({"rate": 9}, "ok", 3.0),
    ]
    assert events[0] == {
        "event": "combinations", "count": 2, "at_once": events[0]["at_once"], "why": events[0]["why"], "said": None,
    }  # fmt: skip
    said = {s["step"]: s["said"] for s in planned["steps"]}
    assert said == {"load": ["shared by all"], "divide": ["for each %1", "rate"], "other": ["shared by all"]}
    lines = [e for e in events if e["event"] == "line"]
    assert {e["said"][0] for e in lines} == {"start    %1", "ok       %1%2 s  %3 of %4 cached"}
    assert {run["sweep"] for run in listed()[:2]} == {answer["sweep"]}
    assert ask("sweep-of", path="a.ipynb", sweep=answer["sweep"])["runs"] == answer["runs"]
    with pytest.raises(UsageError, match=r"is no sweep of b\.ipynb"):
        ask("sweep-of", path="b.ipynb", sweep=answer["sweep"])
