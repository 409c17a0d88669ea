"""How much of a notebook is run: `--from`, `--until`, `--only`, in runs and in plans."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nb2pipe import api
from nb2pipe.diagnostics import UsageError
from nb2pipe.runtime.choice import Choice, Chosen, chosen
from nb2pipe.runtime.progress import Lines, summary
from nb2pipe.runtime.result import RunOptions, RunResult
from tests.execute.test_guards import overlooking, without_use
from tests.making import code, compiled, shown, write

CELLS = [
    code("print('load')\na = 1", "step:load"),
    code("print('clean')\nb = a + 1", "step:clean"),
    code("print('aside')\nz = a", "step:aside"),
    code("print('train', b)\nc = b", "step:train"),
    code("print('report', c, z)", "step:report"),
]
"""load -> clean -> train -> report, and load -> aside -> report."""
ALL = ["load", "clean", "aside", "train", "report"]


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NB2PIPE_STORE", str(tmp_path / "store"))


def request(tmp_path: Path, *, cache: bool = False, **choice: str) -> api.RunRequest:
    options = RunOptions(cwd=str(tmp_path), jobs=2, choice=Choice(**choice))
    return api.RunRequest(options, cache=cache, output=str(tmp_path / "out.ipynb"))


def ran(result: RunResult) -> list[str]:
    return [n for n in ALL if result.outcomes[n].runs]


def left_out(result: RunResult) -> list[str]:
    return [n for n in ALL if result.outcomes[n].status == "left out"]


@pytest.mark.parametrize(
    ("choice", "wanted", "anew"),
    [
        (Choice(), ALL, []),
        (Choice(until="train"), ["load", "clean", "train"], []),
        (Choice(until="load"), ["load"], []),
        (Choice(start="clean"), ALL, ["clean", "train", "report"]),
        (Choice(start="load"), ALL, ALL),
        (Choice(start="clean", until="train"), ["load", "clean", "train"], ["clean", "train"]),
        (Choice(start="Clean ", until="TRAIN"), ["load", "clean", "train"], ["clean", "train"]),
        (Choice(only="train"), ["load", "clean", "train"], ["train"]),
    ],
)
def test_a_choice(tmp_path: Path, choice: Choice, wanted: list[str], anew: list[str]) -> None:
    pipeline = compiled(write(tmp_path / "n.ipynb", CELLS), "tags").pipeline
    some: Chosen = chosen(pipeline, choice)
    assert ([n for n in ALL if n in some.wanted], [n for n in ALL if n in some.anew]) == (wanted, anew)


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        (Choice(until="trian"), "no step `trian`: did you mean `train`?"),
        (Choice(start="x"), "no step `x`: the steps are load, clean, aside, train, report"),
        (Choice(only="cleaned"), "did you mean `clean`?"),
        (Choice(start="aside", until="train"), "--from aside --until train: train does not need aside"),
    ],
)
def test_a_choice_of_nothing(tmp_path: Path, choice: Choice, says: str) -> None:
    subject = compiled(write(tmp_path / "n.ipynb", CELLS), "tags")
    with pytest.raises(UsageError, match=says.replace("?", r"\?")):
        chosen(subject.pipeline, choice)
    with pytest.raises(UsageError):
        api.run(subject, api.RunRequest(RunOptions(cwd=str(tmp_path), choice=choice)))


def test_until_runs_what_a_step_needs(tmp_path: Path) -> None:
    subject = compiled(write(tmp_path / "n.ipynb", CELLS), "tags")
    result = api.run(subject, request(tmp_path, until="train"))
    assert (ran(result), left_out(result), result.exit_code) == (["load", "clean", "train"], ["aside", "report"], 0)
    assert shown(result.outputs[3]) == "train 2"
    assert "3 ok, 2 left out" in summary(result, None)
    import nbformat

    written = nbformat.read(tmp_path / "out.ipynb", 4)  # type: ignore[no-untyped-call]  # nbformat has no types
    assert [c.metadata.papermill.status for c in written.cells] == ["completed"] * 2 + [
        "pending",
        "completed",
        "pending",
    ]


def test_only_runs_a_step_whose_past_is_cached(tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", CELLS)
    subject = compiled(path, "tags")
    with pytest.raises(
        UsageError, match=r"--only train: step `load` is not cached \(no earlier result\); `--until train`"
    ):
        api.run(subject, request(tmp_path, only="train"))
    api.run(subject, request(tmp_path, cache=True))
    result = api.run(subject, request(tmp_path, only="train"))
    assert (ran(result), left_out(result), result.exit_code) == (["train"], ["aside", "report"], 0)
    assert result.outcomes["train"].reason == "--only train"
    assert shown(result.outputs[0]) == "load"  # what a cached step showed stands there too
    write(path, [CELLS[0], code("print('clean')\nb = a + 2", "step:clean"), *CELLS[2:]])
    with pytest.raises(UsageError, match=r"step `clean` is not cached \(cell 2 changed\)"):
        api.run(compiled(path, "tags"), request(tmp_path, only="train"))


def test_from_runs_a_step_and_all_behind_it(tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", CELLS)
    subject = compiled(path, "tags")
    api.run(subject, request(tmp_path, cache=True))
    result = api.run(subject, request(tmp_path, start="train"))
    assert (ran(result), left_out(result)) == (["train", "report"], [])
    assert {result.outcomes[n].reason for n in ("train", "report")} == {"--from train"}
    # what comes before and is not cached is run as well, and that is said: never a stale value
    write(path, [CELLS[0], code("print('clean')\nb = a + 2", "step:clean"), *CELLS[2:]])
    said: list[str] = []

    class Said(Lines):
        def _say(self, text: str) -> None:
            said.append(text)

    subject = compiled(path, "tags")
    result = api.run(subject, request(tmp_path, start="train"), Said(subject.pipeline, None))  # type: ignore[arg-type]  # it says nothing there
    assert ran(result) == ["clean", "train", "report"]
    assert shown(result.outputs[3]) == "train 3"
    assert [t for t in said if t.startswith("note")] == ["note     clean is run too: cell 2 changed"]
    # what ran because it was to is cached as ever
    assert ran(api.run(subject, request(tmp_path, cache=True))) == []


@pytest.mark.parametrize(
    ("choice", "planned"),
    [
        ({"until": "train"}, {"load": "cached", "clean": "cached", "train": "cached"}),
        ({"only": "train"}, {"load": "cached", "clean": "cached", "train": "run"}),
        ({"start": "train"}, {"load": "cached", "clean": "cached", "aside": "cached", "train": "run", "report": "run"}),
    ],
)
def test_a_plan_says_what_is_chosen(tmp_path: Path, choice: dict[str, str], planned: dict[str, str]) -> None:
    subject = compiled(write(tmp_path / "n.ipynb", CELLS), "tags")
    api.run(subject, request(tmp_path, cache=True))
    steps = api.plan(subject, request(tmp_path, **choice))
    assert {s.step: s.action for s in steps} == planned
    result = api.run(subject, request(tmp_path, cache=True, **choice))
    assert ran(result) == [n for n, action in planned.items() if action == "run"]


def test_a_run_that_left_steps_out_can_be_gone_on_with(tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", [code("import time\na = time.time_ns()\nprint(a)", "step:load"), *CELLS[1:]])
    subject = compiled(path, "tags")
    first = api.run(subject, request(tmp_path, cache=True, until="clean"))
    before = api.interrupted(str(path), "last")
    result = api.run(subject, api.RunRequest(RunOptions(cwd=str(tmp_path)), resume=before))
    assert ran(result) == ["aside", "train", "report"]
    assert shown(first.outputs[0]) == shown(result.outputs[0])
    with pytest.raises(UsageError, match="has ended well"):
        api.interrupted(str(path), "last")


def test_a_step_that_a_guard_finds_needed_is_run(tmp_path: Path) -> None:
    subject = overlooking(
        write(tmp_path / "n.ipynb", ["a = 1", "b = a + 1", "print(eval('b' + ''))"]), without_use("b")
    )
    options: dict[str, Any] = {"cwd": str(tmp_path), "choice": Choice(until="cell_3")}
    result = api.run(subject, api.RunRequest(RunOptions(**options)))
    assert {n: o.status for n, o in result.outcomes.items()} == dict.fromkeys(("cell_1", "cell_2", "cell_3"), "ok")
    assert shown(result.outputs[2]) == "2"
