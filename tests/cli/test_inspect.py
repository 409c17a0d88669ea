"""`nb2pipe inspect` lists the parameters of a notebook, and runs nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nb2pipe.cli.main import main
from tests.making import code, write

CELLS = [
    "raise SystemExit",
    code(
        "month = '2026-03'  # the month to report\nrate: float = 1\nlimits = [\n    1,\n    2,\n]\nnothing = None",
        "parameters",
    ),
]


def test_name_type_default_and_comment_are_listed(tmp_path: Path, capsys: Any) -> None:
    assert main(["inspect", str(write(tmp_path / "n.ipynb", CELLS))]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "month    str    '2026-03'  the month to report",
        "rate     float  1",
        "limits   list   [ 1, 2, ]",
        "nothing  any    None",
    ]


def test_programs_read_them_as_json(tmp_path: Path, capsys: Any) -> None:
    path = write(tmp_path / "n.ipynb", CELLS)
    assert main(["inspect", str(path), "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found[0] == {"name": "month", "type": "str", "default": "2026-03", "help": "the month to report"}
    assert [p["default"] for p in found] == ["2026-03", 1, [1, 2], None]
    assert main(["graph", str(path), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["parameters"] == found


def test_a_notebook_without_any_says_how_to_have_some(tmp_path: Path, capsys: Any) -> None:
    path = write(tmp_path / "n.ipynb", ["x = 1"])
    assert main(["inspect", str(path)]) == 0
    assert capsys.readouterr() == ("", f"{path} has no parameters: tag the cell that assigns them `parameters`\n")
    assert main(["inspect", str(path), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
