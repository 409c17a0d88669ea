"""What the commands print where nothing is wrong with the request, and how they help where something is."""

from __future__ import annotations

import errno
import gc
import json
import re
from pathlib import Path
from typing import Any

import pytest

from nb2pipe.cli.main import COMMANDS, main
from tests.making import code, text, write

NAMES = list(COMMANDS)


def nb2pipe(capsys: Any, *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command that runs no notebook."""
    try:
        exit_code: Any = main(arguments)
    except SystemExit as end:
        exit_code = end.code
    shown = capsys.readouterr()
    return exit_code or 0, shown.out, shown.err


@pytest.mark.parametrize("name", NAMES)
def test_each_help_has_examples_that_can_be_parsed(name: str, capsys: Any) -> None:
    from nb2pipe.cli.main import parser

    exit_code, shown, _ = nb2pipe(capsys, name, "--help")
    assert exit_code == 0
    commands = re.findall(r"^  (nb2pipe .*?) +# \w", shown, re.MULTILINE)
    assert len(commands) >= 3
    for command in commands:
        words = command.partition(" > ")[0].split()[1:]
        parser(words[0]).parse_args(words)


def test_help_is_a_command_as_well(capsys: Any) -> None:
    assert nb2pipe(capsys, "help") == nb2pipe(capsys, "--help")
    assert nb2pipe(capsys, "help", "graph") == nb2pipe(capsys, "graph", "--help")


def test_without_a_command_the_help_is_shown(capsys: Any) -> None:
    exit_code, out, err = nb2pipe(capsys)
    assert (exit_code, out) == (2, "")
    assert err == nb2pipe(capsys, "--help")[1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["rnu", "x"], "unknown command `rnu`; a similar subcommand exists: `run`"),
        (["deploy"], f"unknown command `deploy`; the commands are {', '.join(NAMES)}"),
        (["graph", "x", "--formt", "svg"], "unknown option `--formt`; a similar option exists: `--format`"),
        (["run", "x", "--job=2"], "unknown option `--job`; a similar option exists: `--jobs`"),
        (["graph", "x", "--format", "sgv"], "--format `sgv`: did you mean `svg`?"),
        (["graph", "x", "--format", "png"], "--format `png`: it is one of text, mermaid, dot, svg, json"),
        (["graph", "x", "y"], "unexpected argument `y`"),
        (["run", "x", "-p", "rate"], "-p takes NAME VALUE"),
        (["run", "x", "-o"], "-o takes EXECUTED"),
        (["run"], "the following arguments are required: NOTEBOOK"),
        (["explain", "defind-later"], "did you mean defined-later?"),
        (["graph", "x", "--why", "a", "b", "--format", "svg"], "--why answers in words"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else "",
)
def test_a_slip_is_told_with_what_was_meant(arguments: list[str], says: str, capsys: Any) -> None:
    exit_code, out, err = nb2pipe(capsys, *arguments)
    assert (exit_code, out) == (2, "")
    assert says in err


def test_the_collector_is_on_again_after_a_graph_that_failed(tmp_path: Path, capsys: Any) -> None:
    assert gc.isenabled()
    assert nb2pipe(capsys, "graph", str(tmp_path / "none.ipynb"))[0] == 2
    assert gc.isenabled()


def test_a_code_is_explained_by_its_name_too(capsys: Any) -> None:
    assert nb2pipe(capsys, "explain", "defined-later") == nb2pipe(capsys, "explain", "nb103")


def test_check_goes_on_past_a_notebook_that_cannot_be_read(tmp_path: Path, capsys: Any) -> None:
    bad = write(tmp_path / "bad.ipynb", ["print(nobody)"])
    (tmp_path / "broken.ipynb").write_text("{")
    exit_code, out, err = nb2pipe(
        capsys, "check", str(tmp_path / "broken.ipynb"), str(bad), str(tmp_path / "none.ipynb")
    )
    assert exit_code == 2
    assert "NB102" in out
    assert re.search(r"broken\.ipynb is not a notebook", err)
    assert re.search(r"none\.ipynb: there is no such file", err)


def test_check_has_the_language_among_the_findings(tmp_path: Path, capsys: Any) -> None:
    spec = {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}
    other = str(write(tmp_path / "r.ipynb", ["x <- 1"], **spec))
    good = str(write(tmp_path / "good.ipynb", ["x = 1"]))
    exit_code, out, _ = nb2pipe(capsys, "check", good, other, "--format", "json")
    assert exit_code == 3
    [found] = json.loads(out)
    assert (found["code"], found["cell"]) == ("NB701", None)
    assert nb2pipe(capsys, "check", good, other, "--ignore", "NB7")[0] == 0


@pytest.mark.parametrize("form", ["sarif", "github"])
def test_findings_beside_files_have_the_lines_of_the_file(form: str, tmp_path: Path, capsys: Any) -> None:
    cells = [text("# one"), "a = 1", "print(nobody)"]
    path = write(tmp_path / "nb.ipynb", cells)
    path.write_text(json.dumps(json.loads(path.read_text()), indent=1))
    expected = next(i for i, line in enumerate(path.read_text().splitlines(), 1) if "nobody" in line)
    _, out, _ = nb2pipe(capsys, "check", str(path), "--format", form)
    if form == "github":
        assert f",line={expected}," in out
    else:
        place = json.loads(out)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
        assert place["region"]["startLine"] == expected


def test_select_and_ignore(tmp_path: Path, capsys: Any) -> None:
    path = str(write(tmp_path / "nb.ipynb", ["import random\nprint(random.random())", "print(nobody)"]))
    assert nb2pipe(capsys, "check", path, "--ignore", "nb1")[0] == 0
    found = json.loads(
        nb2pipe(capsys, "check", path, "--select", "NB5,NB102", "--ignore", "NB501", "--format", "json")[1]
    )
    assert [f["code"] for f in found] == ["NB102"]


def test_a_tag_and_a_comment_silence_a_code(tmp_path: Path, capsys: Any) -> None:
    cells = [code("print(nobody)", "nb2pipe:ignore=NB102"), "# nb2pipe: ignore[NB102]\nprint(nothing)"]
    assert nb2pipe(capsys, "check", str(write(tmp_path / "nb.ipynb", cells)), "--format", "json")[:2] == (0, "[]\n")


def test_a_failure_is_told_with_what_check_knows_of_it(tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "nb.ipynb", ["print(rate)", "rate = 0.5"])
    exit_code, _, err = nb2pipe(capsys, "run", "nb.ipynb")
    assert exit_code == 1
    assert re.search(r"NameError(?s:.*)NB103 `rate`(?s:.*)fix:  move cell 2 above cell 1", err)
    write(tmp_path / "zero.ipynb", ["1 / 0"])
    assert nb2pipe(capsys, "run", "zero.ipynb")[2].endswith("more: nb2pipe check zero.ipynb\n")


def test_an_executed_notebook_that_cannot_be_written_is_kept_elsewhere(
    tmp_path: Path, capsys: Any, monkeypatch: Any
) -> None:
    from nb2pipe.runtime import executed

    replace = executed._replace

    def full(target: Path, text: bytes) -> None:
        if target.name == target.as_posix():
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(target, text)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(executed, "_replace", full)
    write(tmp_path / "nb.ipynb", ["print('worked for long')"])
    exit_code, _, err = nb2pipe(capsys, "run", "nb.ipynb", "-o", "out.ipynb")
    assert exit_code == 2
    [kept] = re.findall(r"error: out\.ipynb cannot be written: No space left on device; it is in (.*) instead", err)
    assert "worked for long" in Path(kept).read_text()
    assert "1 step: 1 ok" in err


def test_a_run_that_keeps_nothing_says_so(tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "nb.ipynb", ["a = 1"])
    assert nb2pipe(capsys, "run", "nb.ipynb")[2].endswith("-o NAME.ipynb keeps the executed notebook\n")
    assert "-o NAME" not in nb2pipe(capsys, "run", "nb.ipynb", "-o", "out.ipynb")[2]


def test_a_page_ends_with_how_to_silence_the_code(capsys: Any) -> None:
    assert nb2pipe(capsys, "explain", "NB504")[1].endswith("or by the tag `nb2pipe:ignore=NB504`.\n")
