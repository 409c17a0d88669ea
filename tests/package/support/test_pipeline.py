"""A pipeline runs its steps together or one by one, and refuses what it does not know."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nb2pipe.package.support._files import ValueMissing, ValueNotStorable, load
from nb2pipe.package.support._pipeline import Edge, ParameterError, Pipeline, Step
from nb2pipe.package.support._states import StateNotCarried
from tests.package.support.sales import PIPELINE, Parameters


@dataclass(frozen=True)
class Nothing:
    pass


def one() -> int:
    return 1


def two(a: int = 0) -> tuple[int, int]:
    return a, 2


def test_run_gives_each_value_as_it_was_given_last() -> None:
    rows = ["2026-01", 1.08, "more"]
    assert PIPELINE.run() == {"rows": rows, "table": {"rows": rows, "columns": ["a"]}, "number": 6}


def test_changes_go_before_parameters_and_these_before_defaults() -> None:
    found = PIPELINE.run(Parameters(month="2026-02", rate=1.0), rate=2)
    assert found["rows"][:2] == ["2026-02", 2.0]
    assert type(found["rows"][1]) is float


def test_steps_one_by_one_are_the_run(tmp_path: Path) -> None:
    for step in PIPELINE.steps:
        PIPELINE.run_step(step.name, tmp_path, Parameters(month="2026-03"))
    expected = PIPELINE.run(month="2026-03")
    found = load(tmp_path, "extend", ["rows", "table"]) | load(tmp_path, "count", ["number"])
    assert found == expected
    assert found["table"]["rows"] is found["rows"]
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.*")) == [
        "count/number.json", "extend/rows+table.pickle", "load/rows+table.pickle",
    ]  # fmt: skip


def test_a_state_comes_from_the_last_step_that_leaves_it(tmp_path: Path) -> None:
    def seed() -> None:
        random.seed(1)

    def draw() -> float:
        return random.random()

    def again() -> float:
        return random.random()

    pipeline = Pipeline(
        "p",
        Nothing,
        Step(seed, leaves=("random",)),
        Step(draw, gives=("x",), needs=("random",), leaves=("random",)),
        Step(again, gives=("y",), needs=("random",)),
    )
    assert pipeline.edges() == [Edge("seed", "draw", ()), Edge("draw", "again", ())]
    expected = pipeline.run()
    for step in pipeline.steps:
        random.seed()
        pipeline.run_step(step.name, tmp_path)
    assert load(tmp_path, "draw", ["x"]) | load(tmp_path, "again", ["y"]) == expected
    pipeline.run_step("again", tmp_path)
    assert load(tmp_path, "again", ["y"]) == {"y": expected["y"]}


def test_a_state_that_cannot_be_carried_is_refused_before_the_step_runs(tmp_path: Path) -> None:
    ran = []

    def patch() -> None:
        ran.append("patch")

    pipeline = Pipeline("p", Nothing, Step(patch, leaves=("patch:json.dumps",)), Step(one, needs=("patch:json.dumps",)))
    for name in ("patch", "one"):
        with pytest.raises(StateNotCarried, match=r"patch:json\.dumps"):
            pipeline.run_step(name, tmp_path)
    assert ran == []
    pipeline.run()
    assert ran == ["patch"]


def test_folders_are_those_of_where_the_run_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)

    def move() -> int:
        os.chdir("elsewhere")
        return 1

    Pipeline("p", Nothing, Step(move, gives=("x",))).run_step("move", "values")
    assert load(tmp_path / "values", "move", ["x"]) == {"x": 1}


def test_edges() -> None:
    assert PIPELINE.edges() == [
        Edge("setup", "load", ()),
        Edge("load", "extend", ("rows", "table")),
        Edge("load", "count", ()),
        Edge("extend", "count", ("table", "rows")),
    ]


def test_a_step_may_give_the_name_of_a_parameter(tmp_path: Path) -> None:
    def rate(rate: float) -> float:
        return rate * 2

    def use(rate: float) -> float:
        return rate

    pipeline = Pipeline("p", Parameters, Step(rate, ("rate",), ("rate",)), Step(use, ("rate",), ("used",)))
    assert pipeline.run(rate=1.5) == {"rate": 3.0, "used": 3.0}
    pipeline.run_step("rate", tmp_path, Parameters(rate=0.5))
    pipeline.run_step("use", tmp_path, Parameters(rate=0.5))
    assert load(tmp_path, "use", ["used"]) == {"used": 1.0}


def test_a_tuple_may_be_one_value() -> None:
    def pair() -> tuple[int, int]:
        return 1, 2

    assert Pipeline("p", Nothing, Step(pair, gives=("pair",))).run() == {"pair": (1, 2)}


def test_too_few_values() -> None:
    with pytest.raises(TypeError, match="one has to return 2 values: a, b"):
        Pipeline("p", Nothing, Step(one, gives=("a", "b"))).run()


BAD: list[tuple[dict[str, Any], str]] = [
    ({"mont": "x"}, "there is no parameter mont; did you mean month?"),
    ({"zzz": 1}, "there is no parameter zzz; known: month, rate, "),
    ({"month": 3}, "parameter month: expected str, got int (3)"),
    ({"rate": "1"}, "parameter rate: expected float, got str ('1')"),
    ({"rate": True}, "parameter rate: expected float, got bool (True)"),
    ({"rate": -1}, "parameter rate must be at least 0, got -1"),
    ({"rate": 2.5}, "parameter rate must be at most 2, got 2.5"),
    ({"min_rows": 1.0}, "parameter min_rows: expected int, got float (1.0)"),
    ({"strict": 1}, "parameter strict: expected bool, got int (1)"),
    ({"kind": "nett"}, "parameter kind: expected Literal['net', 'gross'], got str ('nett')"),
    ({"columns": ["a", 1]}, "parameter columns: expected list[str], got list (['a', 1])"),
    ({"columns": ("a",)}, "parameter columns: expected list[str], got tuple (('a',))"),
    ({"options": []}, "parameter options: expected dict, got list ([])"),
    ({"limit": "x"}, "parameter limit: expected float | None, got str ('x')"),
    ({"mont": 1, "rate": "x"}, "did you mean month?; parameter rate: expected float"),
]


@pytest.mark.parametrize(("changes", "message"), BAD, ids=lambda v: next(iter(v)) if isinstance(v, dict) else "")
def test_parameters_are_strict(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        PIPELINE.run(**changes)
    assert message in str(caught.value)


def test_what_an_instance_holds_is_checked_too() -> None:
    with pytest.raises(ParameterError, match="parameter month: expected str"):
        PIPELINE.run(Parameters(month=3))  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="expected Parameters, got dict"):
        PIPELINE.run({"month": "x"})


def test_values_that_fit() -> None:
    PIPELINE.run(
        rate=np.float64(1), min_rows=np.int64(2), limit=1, kind="gross", step=object(), options={"a": object()}
    )


def test_a_default_is_taken_as_it_is() -> None:
    @dataclass(frozen=True)
    class Odd:
        rate: float = 1
        name: str = None  # type: ignore[assignment]

    def give(rate: float) -> float:
        return rate

    assert type(Pipeline("p", Odd, Step(give, ("rate",), ("x",))).run()["x"]) is int


CONSTRUCTIONS: list[tuple[Callable[[], Any], str]] = [
    (lambda: Pipeline("p", Nothing, Step(one), Step(one)), "two steps are named one"),
    (lambda: Pipeline("p", Nothing, Step(two, takes=("a",))), "step two takes a, which is no parameter"),
    (lambda: Pipeline("p", Nothing, Step(two, takes=("a",)), Step(one, gives=("a",))), "given by no earlier step"),
    (lambda: Pipeline("p", Nothing, Step(one, after=("two",)), Step(two)), "step one comes after two"),
    (
        lambda: Pipeline("p", Nothing, Step(one, needs=("random",))),
        "step one needs random, which no earlier step leaves",
    ),
]


@pytest.mark.parametrize(("make", "message"), CONSTRUCTIONS)
def test_a_pipeline_that_cannot_run_is_not_made(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_a_pipeline_does_not_change() -> None:
    with pytest.raises(AttributeError):
        PIPELINE.name = "other"  # type: ignore[misc]


def test_a_failing_step_is_named() -> None:
    with pytest.raises(ValueError, match="not strict") as caught:
        PIPELINE.run(strict=False)
    assert caught.value.__notes__ == ["step count failed"]


def test_a_step_whose_inputs_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ValueMissing, match=r"rows is not in .*: step load has to run first"):
        PIPELINE.run_step("extend", tmp_path)


def test_an_unknown_step(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"there is no step counts; did you mean count\?"):
        PIPELINE.run_step("counts", tmp_path)


def test_a_value_that_cannot_be_kept(tmp_path: Path) -> None:
    def lock() -> Any:
        return threading.Lock()

    pipeline = Pipeline("p", Nothing, Step(lock, gives=("door",)))
    with pytest.raises(ValueNotStorable, match=r"step lock gives door \(lock\)"):
        pipeline.run_step("lock", tmp_path)
    assert list((tmp_path / "lock").iterdir()) == []
