"""What is wrong with several notebooks, or with what is said of them, gets one clear message, and nothing is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nb2pipe.cli.main import main
from tests.making import code
from tests.package.joined.making import Cells, written

TWO: dict[str, Cells] = {"a": ["x = 1"], "b": ["print(x)"]}

CASES: dict[str, tuple[dict[str, Cells], list[str], str, int, str]] = {
    "the same twice": (TWO, ["a.ipynb", "b.ipynb", "./a.ipynb"], "", 2, "is given twice"),
    "two of one name": ({"p/a": ["1"], "q/a": ["2"]}, ["p/a.ipynb", "q/a.ipynb"], "", 2,
                        "p/a.ipynb and q/a.ipynb would both be `a` in the package: give one of them another name"),
    "one that is not there": (TWO, ["a.ipynb", "c.ipynb"], "", 2, "c.ipynb"),
    "an unknown key": (TWO, ["a.ipynb", "b.ipynb"], "nam = 'x'", 2,
                       "pipeline.toml: there is no key `nam`; did you mean `name`?"),
    "an unknown key of a notebook": (TWO, ["a.ipynb", "b.ipynb"], "[notebooks.b]\nbefore = []", 2,
                                     "pipeline.toml: notebooks.b: there is no key `before`; the keys are after, takes"),
    "an unknown notebook": (TWO, ["a.ipynb", "b.ipynb"], "[notebooks.bb]\nafter = []", 2,
                            "pipeline.toml: there is no notebook bb among those that are joined; did you mean b?"),
    "an unknown notebook to come after": (TWO, ["a.ipynb", "b.ipynb"], "[notebooks.b]\nafter = ['zz']", 2,
                                          "notebooks.b.after: there is no notebook zz among those that are joined: they are a, b"),
    "itself": (TWO, ["a.ipynb", "b.ipynb"], "[notebooks.b]\nafter = ['b']", 2, "`b` cannot come after itself"),
    "no list": (TWO, ["a.ipynb", "b.ipynb"], "[notebooks.b]\nafter = 'a'", 2, "expected a list of names, got 'a'"),
    "no table": (TWO, ["a.ipynb", "b.ipynb"], "notebooks = 1", 2, "pipeline.toml: notebooks: expected tables"),
    "no TOML": (TWO, ["a.ipynb", "b.ipynb"], "name =", 2, "cannot read"),
    "no name": (TWO, ["a.ipynb", "b.ipynb", "--name", "A b"], "", 2, "did you mean a_b?"),
    "verify": (TWO, ["a.ipynb", "b.ipynb", "--verify"], "", 2, "--verify is for one notebook"),
    "record": (TWO, ["a.ipynb", "b.ipynb", "--record"], "", 2, "--record is for one notebook"),
    "no plain form": ({**TWO, "b": ["print(x)", "%%R\nplot(1)"]}, ["a.ipynb", "b.ipynb"], "", 3, "NB801"),
    "names of parameters that meet": (
        {"a": [code("b_n = 1", "parameters"), "print(b_n)"], "b": [code("n = 1", "parameters"), "print(n)"],
         "c": [code("n = 2", "parameters"), "print(n)"]},
        ["a.ipynb", "b.ipynb", "c.ipynb"], "", 3, "is set as `b_n`",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CASES)
def test_wrong_input(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    notebooks, arguments, toml, exit_code, words = CASES[what]
    written(tmp_path / "work", notebooks, toml)
    monkeypatch.chdir(tmp_path / "work")
    assert main(["compile", *arguments, "-o", "out"]) == exit_code
    told = capsys.readouterr()
    assert words in told.err
    assert "Traceback" not in told.err
    assert not told.out
    assert not Path("out").exists()


def test_another_language(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "work", TWO)
    monkeypatch.chdir(tmp_path / "work")
    document = json.loads(Path("a.ipynb").read_text("utf-8"))
    document["metadata"]["kernelspec"] = {"name": "ir", "display_name": "R", "language": "R"}
    Path("r.ipynb").write_text(json.dumps(document), "utf-8")
    assert main(["compile", "a.ipynb", "r.ipynb", "-o", "out"]) == 3
    told = capsys.readouterr().err
    assert "NB701" in told
    assert "r.ipynb" in told


def test_what_knows_one_notebook_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "work", TWO)
    monkeypatch.chdir(tmp_path / "work")
    (tmp_path / "work" / ".nb2pipe").mkdir()
    assert main(["compile", "b.ipynb", "a.ipynb", "-o", "out"]) == 0
    assert "a runs before b: `x`" in capsys.readouterr().err
    for command, words in (
        (["sync", "out"], "make the edits in the notebooks"),
        (["verify", "a.ipynb", "out"], "verify that"),
    ):
        assert main(command) == 2
        told = capsys.readouterr().err
        assert "a_b came from several notebooks (a.ipynb, b.ipynb)" in told
        assert words in told
    assert main(["attest", "check", "out", "--notebook", "b.ipynb"]) == 0
    Path("c.ipynb").write_bytes(Path("a.ipynb").read_bytes())
    assert main(["attest", "check", "out", "--notebook", "c.ipynb"]) == 1
    assert "c.ipynb is none of the notebooks that were compiled" in capsys.readouterr().out
