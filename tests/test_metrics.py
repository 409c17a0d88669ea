"""`log_metric` and what counts as a number."""

from __future__ import annotations

import ast
import math
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nb2pipe
from nb2pipe import metrics
from nb2pipe.notebook.model import Cell, Code
from nb2pipe.runtime.measured import metric_names
from tests.analysis.known.test_table import edges


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3.0),
        (0.5, 0.5),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7.0),
        (np.array(2.5), 2.5),
        (Decimal("1.5"), 1.5),
        (Fraction(1, 4), 0.25),
        (True, None),
        (np.bool_(True), None),
        ("3", None),
        (None, None),
        (np.array([1.0]), None),
        (1j, None),
        (10**400, None),
    ],
    ids=repr,
)
def test_numbers(value: object, expected: float | None) -> None:
    assert metrics.number(value) == expected


def test_numbers_of_what_holds_several() -> None:
    frame = pd.DataFrame({"auc": [0.5, 0.75], "name": ["a", "b"]}, index=["linear", "forest"])
    assert dict(metrics.numbers("m", frame)) == {"m.linear.auc": 0.5, "m.forest.auc": 0.75}
    assert dict(metrics.numbers("m", pd.Series({"x": 1}))) == {"m.x": 1.0}
    assert dict(metrics.numbers("m", {"x": 1, "y": {"z": np.float64(2)}, "w": "no"})) == {"m.x": 1.0, "m.y.z": 2.0}
    assert list(metrics.numbers("m", pd.DataFrame(np.zeros((500, 3))))) == []
    assert list(metrics.numbers("m", [1, 2])) == []


def test_outside_of_a_run_nothing_happens_but_the_check() -> None:
    nb2pipe.log_metric("loss", 0.5, step=np.int64(3))
    for wrong in (("loss", "much"), (3, 0.5), ("loss", 0.5, 1.5), ("loss", 0.5, "x")):
        with pytest.raises(TypeError):
            nb2pipe.log_metric(*wrong)  # type: ignore[arg-type]  # that is the test


def test_it_is_heard() -> None:
    heard = []
    metrics.listen(lambda *said: heard.append(said))
    try:
        nb2pipe.log_metric("loss", np.float32(math.inf), 3)
    finally:
        metrics.listen(None)
    assert heard == [("loss", math.inf, 3)]


def test_importing_it_costs_little() -> None:
    code = "import sys; before = set(sys.modules); import nb2pipe; print(sorted(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], env={"PYTHONPATH": str(Path(__file__).parents[1])}, capture_output=True, text=True, check=True
    )  # fmt: skip
    found = set(ast.literal_eval(done.stdout))
    assert {m for m in found if m.startswith("nb2pipe")} == {"nb2pipe", "nb2pipe.metrics"}
    assert found.isdisjoint({"json", "dataclasses", "inspect", "tempfile", "logging", "socket"})


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("accuracy = 1", ["accuracy"]),
        ("a, (b, *c) = f()\nd: float = 1\ne += 1", ["a", "b", "c", "d", "e"]),
        ("print(linear_error)\nprint('best', round(auc, 3))", ["linear_error", "auc"]),
        ("print(f'{accuracy:.3f} {loss}')", ["accuracy", "loss"]),
        ("figures.round(3)", ["figures"]),
        ("{'a': one, 'b': two}", ["one", "two"]),
        ("one, two", ["one", "two"]),
        ("print(len(rows))", []),
        ("for n in range(3):\n    m = n", []),
        ("this is no Python", []),
    ],
)
def test_names_that_a_cell_shows_or_binds(source: str, names: list[str]) -> None:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        tree = None
    assert list(metric_names(Code(Cell("a", 0, "code", source), tree))) == names


def test_what_logs_a_number_changes_nothing() -> None:
    cells = ["import nb2pipe\nfrom nb2pipe import log_metric", "scores = [1, 2]", "nb2pipe.log_metric('a', scores[0])",
             "log_metric('b', scores[1], step=1)", "print(scores)"]  # fmt: skip
    assert edges(*cells) == {(0, 2), (0, 3), (1, 2), (1, 3), (1, 4)}
