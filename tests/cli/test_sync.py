"""`nb2pipe sync` as a person meets it: where the notebook is looked for, what is said, and what is written."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from nb2pipe.cli.main import main
from tests.making import code, text, write

CELLS = [text("# one"), "x = 1\nprint(x)", text("# two"), "print(x + 1)"]


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The steps of a package beside its notebook, in the working directory."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "made.ipynb", CELLS)
    assert main(["compile", "made.ipynb", "-o", "package"]) == 0
    return tmp_path / "package" / "src" / "made" / "steps.py"


def _edit(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_an_edit_goes_to_the_notebook_and_compiles_without_force(steps: Path, capsys: Any) -> None:
    _edit(steps, "x = 1", "x = 2")
    assert main(["sync", "package"]) == 0
    assert capsys.readouterr().err.endswith("wrote made.ipynb: cell 2\n")
    assert '"x = 2\\n' in Path("made.ipynb").read_text()
    assert main(["compile", "made.ipynb", "-o", "package"]) == 0
    assert main(["sync", "package"]) == 0
    assert capsys.readouterr().err.endswith("made.ipynb: nothing has changed\n")


def test_a_diff_writes_nothing(steps: Path, capsys: Any) -> None:
    _edit(steps, "x = 1", "x = 2")
    before = Path("made.ipynb").read_bytes()
    assert main(["sync", "package", "--diff"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("--- made.ipynb cell 2\n+++ made.ipynb cell 2\n")
    assert "-x = 1\n+x = 2\n print(x)\n" in shown
    assert Path("made.ipynb").read_bytes() == before


def test_what_cannot_be_carried_is_named_and_nothing_is_written(steps: Path, capsys: Any) -> None:
    _edit(steps, "x = 1", "x = 2")
    _edit(steps, "    return x", "    return x, x")
    before = Path("made.ipynb").read_bytes()
    assert main(["sync", "package"]) == 1
    said = capsys.readouterr().err
    line = steps.read_text().split("\n").index("    return x, x") + 1
    assert f"package/src/made/steps.py:{line}: cannot be carried" in said
    assert "-    return x, x\n+    return x\n" in said
    assert said.endswith("nothing was written; --partial carries what can be\n")
    assert Path("made.ipynb").read_bytes() == before
    assert main(["sync", "package", "--partial"]) == 1
    assert "wrote made.ipynb: cell 2" in capsys.readouterr().err


def test_a_conflict_is_named(steps: Path, capsys: Any) -> None:
    _edit(steps, "x = 1", "x = 2")
    write(Path("made.ipynb"), [CELLS[0], "x = 3\nprint(x)", *CELLS[2:]])
    assert main(["sync", "package"]) == 1
    assert "conflict: cell 2 was edited in the notebook and in the package" in capsys.readouterr().err
    assert main(["sync", "package"]) == 2
    assert "made.ipynb still has the marks of a conflict in cell 2" in capsys.readouterr().err


def test_the_notebook_is_looked_for_beside_the_package_and_here(steps: Path, capsys: Any, monkeypatch: Any) -> None:
    _edit(steps, "x = 1", "x = 2")
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert main(["sync", "../package", "--diff"]) == 0
    shutil.copy("../made.ipynb", "made.ipynb")
    assert main(["sync", "../package"]) == 2
    assert "there are two notebooks made.ipynb" in capsys.readouterr().err
    assert main(["sync", "../package", "made.ipynb"]) == 0
    Path("made.ipynb").unlink()
    Path("../made.ipynb").unlink()
    assert main(["sync", "../package"]) == 2
    assert "say where it is: nb2pipe sync ../package NOTEBOOK" in capsys.readouterr().err


def test_edits_that_make_a_notebook_with_a_fault_are_refused(tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("made.ipynb"), [code("a = [1]\nb = 2", "parameters"), text("# one"), "print(a, b)"])
    assert main(["compile", "made.ipynb", "-o", "package"]) == 0
    before = Path("made.ipynb").read_bytes()
    _edit(Path("package/src/made/parameters.py"), "b: int = 2", "b: int = len(a)")
    assert main(["sync", "package"]) == 3
    said = capsys.readouterr().err
    assert "NB801" in said
    assert said.endswith("the notebook would be refused with these edits; nothing was written\n")
    assert Path("made.ipynb").read_bytes() == before


@pytest.mark.parametrize(
    ("breaks", "says"),
    [
        (lambda f: shutil.rmtree(f), "there is no such folder"),
        (lambda f: (f / "nb2pipe.lock.json").unlink(), "holds no package of nb2pipe"),
        (lambda f: (f / "nb2pipe.lock.json").write_text("[]"), "no lock file of nb2pipe"),
        (lambda f: (f / "notebooks" / "made.ipynb").unlink(), "is not the notebook that the package was written from"),
        (
            lambda f: (f / "notebooks" / "made.ipynb").write_text("{}"),
            "is not the notebook that the package was written from",
        ),
    ],
)
def test_what_is_no_package(breaks: Any, says: str, steps: Path, capsys: Any) -> None:
    breaks(Path("package"))
    assert main(["sync", "package"]) == 2
    assert says in capsys.readouterr().err


def test_a_package_of_another_version_is_refused(steps: Path, capsys: Any) -> None:
    lock = Path("package/nb2pipe.lock.json")
    digest = next(line.split('"')[3] for line in lock.read_text().split("\n") if "_runtime/_cli.py" in line)
    lock.write_text(lock.read_text().replace(digest, "0" * 64))
    assert main(["sync", "package"]) == 2
    assert "this nb2pipe writes another src/made/_runtime/_cli.py" in capsys.readouterr().err


def test_what_was_synced_compiles_without_force_where_more_follows(
    tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    """The new default of a parameter goes into the signatures of steps as well, in a file that was edited."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "made.ipynb", [code("rate = 1", "parameters"), text("# one"), "x = rate\nprint(x)"])
    assert main(["compile", "made.ipynb", "-o", "package"]) == 0
    source = tmp_path / "package" / "src" / "made"
    _edit(source / "parameters.py", "rate: int = 1", "rate: int = 2")
    _edit(source / "steps.py", "print(x)", "print(x + 1)")
    assert main(["compile", "made.ipynb", "-o", "package"]) == 2
    assert "nb2pipe sync brings it into the notebook, --force writes over it" in capsys.readouterr().err
    assert main(["sync", "package"]) == 0
    (tmp_path / "package" / "notes.txt").write_text("of others")
    assert main(["compile", "made.ipynb", "-o", "package"]) == 2
    (tmp_path / "package" / "notes.txt").unlink()
    assert main(["compile", "made.ipynb", "-o", "package"]) == 0
    assert "rate: int = 2" in (source / "steps.py").read_text()
    assert "print(x + 1)" in (source / "steps.py").read_text()


def test_edits_that_the_notebook_has_not_are_not_written_over(steps: Path) -> None:
    _edit(steps, "x = 1", "x = 2")
    assert main(["sync", "package"]) == 0
    _edit(steps, "print(x + 1)", "print(x + 3)")
    assert main(["compile", "made.ipynb", "-o", "package"]) == 2
    assert "print(x + 3)" in steps.read_text()
