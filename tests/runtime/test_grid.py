"""The values of swept parameters, from the command line and from files, and the names of their combinations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nb2pipe.diagnostics import Span, UsageError
from nb2pipe.pipeline.model import Parameter
from nb2pipe.runtime.grid import Axis, Grid, combinations, file_names, grid, label

DECLARED = tuple(
    Parameter(name, kind, default, "", Span(0), "")
    for name, kind, default in [
        ("region", "str", "eu"), ("rate", "float", 0.5), ("n", "int", 3), ("columns", "list", ["a"]), ("on", "bool", True),
        ("options", "dict", {}), ("any", "", None),
    ]
)  # fmt: skip


def made(filed: dict[str, Any], *said: tuple[str, str], most: int = 100) -> Grid:
    return grid(DECLARED, filed, said, most)


@pytest.mark.parametrize(
    ("name", "texts", "values"),
    [
        ("region", ["eu,us,asia"], ("eu", "us", "asia")),
        ("region", ["eu", "us"], ("eu", "us")),
        ("region", ["[eu, us]"], ("eu", "us")),
        ("region", ["[eu]"], ("eu",)),
        ("region", ["01,2026-03,on,1e3"], ("01", "2026-03", "on", "1e3")),
        ("region", ["[01, 02]"], ("01", "02")),
        ("region", ["'a,b',c"], ("a,b", "c")),
        ("region", ["http://a/b,s3://c"], ("http://a/b", "s3://c")),
        ("region", ["a: 1,b"], ("a: 1", "b")),
        ("region", ["*a,b"], ("*a", "b")),
        ("region", ["New York, Rome"], ("New York", "Rome")),
        ("rate", ["0.1,1,1.0e-3"], (0.1, 1.0, 0.001)),
        ("n", ["1,2", "3"], (1, 2, 3)),
        ("on", ["true,false"], (True, False)),
        ("columns", ["[a,b],[c]"], (["a", "b"], ["c"])),
        ("columns", ["[[a,b],[c]]"], (["a", "b"], ["c"])),
        ("columns", ["[a]", "[b]"], (["a"], ["b"])),
        ("columns", ["[[a]]"], (["a"],)),
        ("options", ["{a: 1},{a: 2, b: 3}"], ({"a": 1}, {"a": 2, "b": 3})),
        ("any", ["1,x"], (1, "x")),
    ],
)
def test_the_command_line_says_several_values(name: str, texts: list[str], values: tuple[Any, ...]) -> None:
    found = made({}, *((name, text) for text in texts))
    assert found == Grid((Axis(name, values),), {})
    assert [type(v) for v in found.axes[0].values] == [type(v) for v in values]


def test_a_file_says_several_values_and_the_command_line_wins() -> None:
    found = made({"columns": [["a"], ["b", "c"]], "rate": [0.1, 1], "n": 4, "region": ["eu", "us"]}, ("region", "asia"))
    assert found == Grid((Axis("columns", (["a"], ["b", "c"])), Axis("rate", (0.1, 1.0))), {"n": 4, "region": "asia"})
    assert made({"columns": ["a", "b"], "n": [1]}) == Grid((Axis("n", (1,)),), {"columns": ["a", "b"]})


@pytest.mark.parametrize(
    ("filed", "said", "message"),
    [
        ({}, [("regoin", "eu,us")], "`regoin` is not one of the notebook's; did you mean `region`"),
        ({"regoin": ["eu"]}, [], "did you mean `region`"),
        ({}, [("rate", "0.1,fast")], r"parameter `rate`: expected float, got str \('fast'\)"),
        ({"n": [1, 2.5]}, [], r"parameter `n`: expected int, got float \(2.5\)"),
        ({"on": ["yes"]}, [], "parameter `on`: expected bool"),
        ({}, [("columns", "a,b")], r"`columns`: expected list, got str \('a'\); several values of a list are a list of lists"),
        ({"region": []}, [], "parameter `region` has no values"),
        ({}, [("n", "[]")], "parameter `n` has no values"),
        ({}, [("region", "eu,us,eu")], "parameter `region` has the value 'eu' twice"),
        ({"rate": [1, 1.0]}, [], "parameter `rate` has the value 1.0 twice"),
        ({"n": 3}, [("region", "eu")], "no parameter is given several values"),
        ({}, [], "no parameter is given several values, such as `-p region A,B`"),
        ({"n": list(range(100)), "rate": list(range(100))}, [], r"10,000 combinations \(100 of n x 100 of rate\), more than 100; `--max-runs 10000`"),
    ],
)  # fmt: skip
def test_what_is_no_sweep_is_told(filed: dict[str, Any], said: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        made(filed, *said)


def test_more_combinations_are_allowed_and_the_last_parameter_changes_first() -> None:
    found = made({"n": [1, 2], "region": ["eu", "us"]}, most=4)
    assert [label(c) for c in combinations(found)] == [
        "n=1 region=eu",
        "n=1 region=us",
        "n=2 region=eu",
        "n=2 region=us",
    ]


def test_each_combination_has_a_file_of_its_own(tmp_path: Path) -> None:
    def names(output: str, *values: Any) -> list[str]:
        return file_names(Grid((Axis("v", values), Axis("n", (1,))), {}), output, "nb")

    assert names("out.ipynb", "eu", 0.1) == ["out-v=eu-n=1.ipynb", "out-v=0.1-n=1.ipynb"]
    assert names("s3://b/out.html", "eu") == ["s3://b/out-v=eu-n=1.html"]
    assert names("results", "eu") == ["results/nb-v=eu-n=1.ipynb"]
    assert names(str(tmp_path), "eu") == [f"{tmp_path}/nb-v=eu-n=1.ipynb"]
    assert names("o.ipynb", "a/b", "a b", "A_b", "../c") == [
        "o-v=a_b~1-n=1.ipynb", "o-v=a_b~2-n=1.ipynb", "o-v=A_b~3-n=1.ipynb", "o-v=.._c-n=1.ipynb",
    ]  # fmt: skip
    assert names("o.ipynb", ["x", 1], None) == ["o-v=_x_1_-n=1.ipynb", "o-v=null-n=1.ipynb"]
    many = Grid(tuple(Axis(f"parameter{n}", ("x" * 50, "y")) for n in range(6)), {})
    assert file_names(many, "o.ipynb", "nb")[:2] == ["o-01.ipynb", "o-02.ipynb"]
