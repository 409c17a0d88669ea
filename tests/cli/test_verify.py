"""`nb2pipe verify` and `compile --verify` as commands: what they print, write and end with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nb2pipe.cli.main import main
from nb2pipe.replay.html import render_html
from nb2pipe.replay.model import Difference, Report, Unknown
from nb2pipe.replay.text import as_data, render_text
from tests.making import write
from tests.replay.making import changed, project

DIFFERS = Report(
    (Difference("load", "x", "row 1, column <a>", "1", "2"), Difference("", "<output>", "cell 3", "a", "b")),
    (Unknown("load", "lock", "a lock cannot be compared"),), ("step load needs one process",), 3, 1, 0,
)  # fmt: skip


def test_the_report_as_text() -> None:
    assert render_text(DIFFERS) == (
        "DIFFERS: 2 differences; compared 3 values, 1 output, 0 figures\n"
        "step load, x: row 1, column <a>\n  expected  1\n  actual    2\n"
        "<output>: cell 3\n  expected  a\n  actual    b\n"
        "unknown: step load, lock: a lock cannot be compared\n"
        "note: step load needs one process\n"
    )
    assert render_text(Report(values=1)) == "EQUAL: compared 1 value, 0 outputs, 0 figures\n"
    many = Report(tuple(Difference("s", f"x{i}", "", "1", "2") for i in range(25)))
    assert render_text(many).endswith("step s, x19\n  expected  1\n  actual    2\nand 5 more differences\n")


def test_the_verdict() -> None:
    assert DIFFERS.verdict == "DIFFERS"
    assert Report((), DIFFERS.unknown).verdict == "UNKNOWN"
    assert Report().verdict == "EQUAL"


def test_the_report_as_data_and_as_a_page() -> None:
    data = as_data(DIFFERS)
    assert data["verdict"] == "DIFFERS"
    assert data["differences"][0] == {
        "step": "load",
        "name": "x",
        "where": "row 1, column <a>",
        "expected": "1",
        "actual": "2",
    }
    assert data["unknown"] == [{"step": "load", "name": "lock", "reason": "a lock cannot be compared"}]
    page = render_html(DIFFERS, "a & b")
    assert "<title>a &amp; b</title>" in page
    assert '<span class="DIFFERS">DIFFERS</span>' in page
    assert '<td class="text">row 1, column &lt;a&gt;</td>' in page


def test_verify(tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    subject, folder = project(tmp_path, ["x = 1", "print(x)"])
    monkeypatch.chdir(tmp_path)
    arguments = ["verify", subject.notebook.path, str(folder), "--split", "cells:1"]
    assert main(arguments) == 0
    assert capsys.readouterr().out == "EQUAL: compared 1 value, 2 outputs, 0 figures\n"
    changed(folder, "x = 1", "x = 2")
    assert main([*arguments, "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"] == "DIFFERS"
    assert [(d["step"], d["name"], d["expected"], d["actual"]) for d in found["differences"]] == [
        ("cell_1", "x", "1", "2"),
        ("cell_2", "<output>", "1", "2"),
    ]
    assert main([*arguments, "--format", "html", "-o", "report.html"]) == 1
    assert capsys.readouterr() == ("", "wrote report.html\n")
    assert "DIFFERS" in Path("report.html").read_text("utf-8")


def test_wrong_requests(tmp_path: Path, capsys: Any) -> None:
    path = str(write(tmp_path / "n.ipynb", ["x = 1", "print(x / 0)"]))
    assert main(["verify", path, str(tmp_path / "nowhere")]) == 2
    assert "nowhere holds no package of nb2pipe" in capsys.readouterr().err
    assert main(["verify", path]) == 1
    assert capsys.readouterr() == ("", "error: cell 2 of the notebook fails: ZeroDivisionError: division by zero\n")
    assert main(["verify", path, "-o", path]) == 2
    assert "would overwrite the notebook itself" in capsys.readouterr().err, "before anything runs"
    with pytest.raises(SystemExit, match="2"):
        main(["verify", path, "--rtol", "little"])
    assert "expected a number from 0, got 'little'" in capsys.readouterr().err


def test_a_refused_notebook(tmp_path: Path, capsys: Any) -> None:
    assert main(["verify", str(write(tmp_path / "n.ipynb", ["%unheard of\nx = 1"]))]) == 3
    assert "NB801" in capsys.readouterr().err


def test_compile_verify_keeps_the_verdict(tmp_path: Path, capsys: Any) -> None:
    path = str(write(tmp_path / "n.ipynb", ["x = 1", "print(x)"]))
    out = tmp_path / "out"
    arguments = ["compile", path, "-o", str(out), "--verify", "--split", "cells:1"]
    assert main(arguments) == 0
    assert capsys.readouterr().out == "EQUAL: compared 1 value, 2 outputs, 0 figures\n"
    verdict = {"verdict": "EQUAL", "values": 1, "outputs": 2, "figures": 0, "unknown": []}
    assert json.loads((out / "nb2pipe.lock.json").read_text("utf-8"))["verified"] == verdict
    changed_by_hand = out / "src/n/steps.py"
    changed_by_hand.write_text("# mine\n")
    assert main(arguments) == 2
    assert "was changed by hand" in capsys.readouterr().err


def test_compile_verify_writes_nothing_that_differs(tmp_path: Path, capsys: Any) -> None:
    path = str(write(tmp_path / "n.ipynb", ["import sys", "print('ipykernel' in sys.modules)"]))
    assert main(["compile", path, "-o", str(tmp_path / "out"), "--verify"]) == 1
    shown = capsys.readouterr()
    assert "expected  True\n  actual    False" in shown.out
    assert shown.err.endswith("out was not written\n")
    assert not (tmp_path / "out").exists()


def test_compile_verify_of_what_nobody_knows(tmp_path: Path, capsys: Any) -> None:
    path = str(write(tmp_path / "n.ipynb", ["import os\nx = int.from_bytes(os.urandom(16), 'big')", "print(x)"]))
    assert main(["compile", path, "-o", str(tmp_path / "out"), "--verify", "--split", "cells:1"]) == 1
    assert capsys.readouterr().out.startswith("UNKNOWN: 2 values or outputs cannot be judged; compared ")
    lock = json.loads((tmp_path / "out/nb2pipe.lock.json").read_text("utf-8"))
    assert lock["verified"]["unknown"] == [{"step": "cell_1", "name": "x"}, {"step": "cell_2", "name": "<output>"}]
