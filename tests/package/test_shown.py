"""What a cell's last expression shows, the package shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.making import code, write
from tests.package.making import package, run


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("1, 2", "(1, 2)"),
        ("1,", "(1,)"),
        ("(1, 2)", "(1, 2)"),
        ("(1), (2)", "(1, 2)"),
        ("*[1], 2", "(1, 2)"),
        ("[1]", "[1]"),
    ],
)
def test_a_tuple_is_one_value(source: str, shown: str, tmp_path: Path) -> None:
    path = write(tmp_path / "notebook.ipynb", [source])
    done = run(package(path, tmp_path / "project"), tmp_path)
    assert done.stdout.strip() == shown


@pytest.mark.parametrize("tags", [(), ("raises-exception",)])
def test_a_function_that_is_handed_on_keeps_its_name(tags: tuple[str, ...], tmp_path: Path) -> None:
    cells = [
        "rate = 2",
        "def price(x):\n    return x * rate",
        code("kept = [price]\nprint(price.__name__, str(kept).partition(' at')[0], list(map(price, [1, 2])))", *tags),
    ]
    path = write(tmp_path / "notebook.ipynb", cells)
    done = run(package(path, tmp_path / "project"), tmp_path)
    assert done.stdout.strip() == "price [<function price [2, 4]"
