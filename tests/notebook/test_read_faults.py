"""What cannot be read is said in one message, with its place and without a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nb2pipe.diagnostics import Nb2pipeError, Refused, UsageError
from nb2pipe.notebook.read import from_document, read, read_document

GOOD = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {},
    "cells": [{"cell_type": "code", "metadata": {}, "source": "x = 'é'"}],
}
TEXT = json.dumps(GOOD, indent=1, ensure_ascii=False)


def message(path: str) -> str:
    """The message about a file, the same for both readers; one line, without the name of an exception."""
    with pytest.raises(UsageError) as caught:
        read(path)
    with pytest.raises(UsageError) as again:
        read_document(path)
    text = str(caught.value)
    assert text == str(again.value)
    assert caught.value.exit_code == 2
    assert "\n" not in text
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return text


def broken(folder: Path, data: str | bytes, name: str = "a.ipynb") -> str:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    found = message(str(path))
    assert found.startswith(str(path))
    return found.removeprefix(str(path)).removeprefix(" is not a notebook: ")


def test_missing_file(tmp_path: Path) -> None:
    assert message(str(tmp_path / "a.ipynb")) == f"{tmp_path}/a.ipynb: there is no such file"


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("analysi.ipynb", "analysis.ipynb"),
        ("analysis", "analysis.ipynb"),
        ("Analysis.ipynb", "analysis.ipynb"),
        ("reprot.py", "report.py"),
        ("zzz.ipynb", None),
    ],
)
def test_missing_file_names_the_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, meant: str | None
) -> None:
    for name in ("analysis.ipynb", "report.py", "analysis.csv"):
        (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path)
    hint = f"; did you mean `{meant}`?" if meant else ""
    assert message(asked) == f"{asked}: there is no such file{hint}"
    hint = f"; did you mean `{tmp_path}/{meant}`?" if meant else ""
    assert message(str(tmp_path / asked)) == f"{tmp_path}/{asked}: there is no such file{hint}"


def test_missing_folder(tmp_path: Path) -> None:
    assert (
        message(f"{tmp_path}/no/a.ipynb")
        == f"{tmp_path}/no/a.ipynb: there is no such file, and no folder `{tmp_path}/no`"
    )


def test_windows_path_where_slashes_lean_the_other_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "a.ipynb").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    assert message("work\\a.ipynb") == "work\\a.ipynb: there is no such file; did you mean `work/a.ipynb`?"
    assert message("C:\\a.ipynb") == "C:\\a.ipynb: there is no such file"


def test_folder(tmp_path: Path) -> None:
    assert message(str(tmp_path)) == f"{tmp_path} is a folder; name a notebook in it"


def test_paths_that_are_none(tmp_path: Path) -> None:
    assert message("") == "no notebook is named: the path is empty"
    assert "null" in message("a\0b.ipynb")
    assert "too long" in message("a" * 5000 + ".ipynb")
    (tmp_path / "a.ipynb").write_text(TEXT)
    assert message(str(tmp_path / "a.ipynb" / "b")) == f"{tmp_path}/a.ipynb/b cannot be read: Not a directory"
    (tmp_path / "loop.ipynb").symlink_to(tmp_path / "loop.ipynb")
    assert "symbolic links" in message(str(tmp_path / "loop.ipynb"))


def test_dangling_link(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").symlink_to(tmp_path / "gone.ipynb")
    assert "there is no such file" in message(str(tmp_path / "a.ipynb"))


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(TEXT)
    path.chmod(0)
    if os.access(path, os.R_OK):  # root reads everything

        def denied(_: Path) -> bytes:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "read_bytes", denied)
    assert message(str(path)) == f"{path} cannot be read: Permission denied"


@pytest.mark.parametrize("data", ["", " \n\t\r\n", "\ufeff", "\ufeff\n"])
def test_empty_file(tmp_path: Path, data: str) -> None:
    assert broken(tmp_path, data) == "the file is empty"


def test_truncated_between_values(tmp_path: Path) -> None:
    cut = TEXT[: TEXT.index('"cell_type"')]
    found = broken(tmp_path, cut)
    lines = cut.split("\n")
    assert found.startswith(
        f"it is cut off: its JSON ends unfinished at line {len(lines)}, column {len(lines[-1]) + 1} (byte "
    )
    assert f"of {len(cut)})" in found


def test_truncated_in_a_string(tmp_path: Path) -> None:
    cut = TEXT[: TEXT.index("é") + 1]
    start = cut.index('"x = ')
    line = cut[:start].count("\n") + 1
    found = broken(tmp_path, cut)
    assert found.startswith(
        f"it is cut off: its JSON ends unfinished at line {line}, column {start - cut.rindex(chr(10), 0, start)} "
    )
    assert f"(byte {start + 1} of {len(cut.encode())})" in found


def test_cut_anywhere_is_one_message(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    data = TEXT.encode()
    for size in range(1, len(data)):
        path.write_bytes(data[:size])
        with pytest.raises(UsageError, match=r"cut off|not UTF-8"):
            read(str(path))


def test_broken_in_the_middle(tmp_path: Path) -> None:
    data = '{"nbformat": 4,\n "metadata": {"é": 1},,\n "cells": []}'
    found = broken(tmp_path, data)
    comma = data.index(",,") + 1
    assert found.startswith(
        f"broken JSON at line 2, column {comma - data.index(chr(10))} (byte {comma + 2} of {len(data) + 1}): "
    )


def test_open_string_in_the_middle_is_not_a_cut(tmp_path: Path) -> None:
    assert broken(tmp_path, '{"cells": ["a\n], "nbformat": 4}\n').startswith("broken JSON at line 1, column ")


CONFLICTED = TEXT.replace('   "source"', '<<<<<<< HEAD\n   "a": 1,\n=======\n   "a": 2,\n>>>>>>> theirs\n   "source"')


def test_conflict_markers_of_git(tmp_path: Path) -> None:
    line = CONFLICTED.split("\n").index("<<<<<<< HEAD") + 1
    expected = f"git left a merge conflict in it, line {line}: `<<<<<<< HEAD`; resolve it first"
    assert broken(tmp_path, CONFLICTED) == expected
    assert broken(tmp_path, CONFLICTED.replace("\n", "\r\n")) == expected
    assert broken(
        tmp_path, "x = 1\n\n<<<<<<< HEAD\ny = 1\n=======\ny = 2\n>>>>>>> theirs\n", "a.py"
    ) == expected.replace(f"line {line}", "line 3")


def test_markers_inside_strings_are_no_conflict(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(
        json.dumps({**GOOD, "cells": [{"cell_type": "code", "source": "'''\n<<<<<<< HEAD\n=======\n>>>>>>> x\n'''"}]})
    )
    assert read(str(path)).cells[0].source.count("<") == 7


def test_files_that_stand_where_a_notebook_should(tmp_path: Path) -> None:
    assert "Git LFS" in broken(tmp_path, "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n")
    assert "web page" in broken(tmp_path, "<!DOCTYPE html>\n<html></html>")
    assert broken(tmp_path, "name,age\na,3\n", "a.csv").startswith("expected .ipynb, or a text notebook (.py, .md, ")


def test_binary(tmp_path: Path) -> None:
    assert broken(tmp_path, b"\x89PNG\r\n\x1a\n" + bytes(range(256))) == "it is not UTF-8 text (byte 1 of 264 is 0x89)"
    assert broken(tmp_path, "x = 'é'".encode("latin-1"), "a.py") == "it is not UTF-8 text (byte 6 of 7 is 0xe9)"
    assert "not UTF-8" in broken(tmp_path, b"\xff\xfe\x00")
    assert "broken JSON at line 1, column 1" in broken(tmp_path, b"\0" * 100)


@pytest.mark.parametrize("data", ["[]", "3", '"text"', "null", "{}", '{"a": 1}', "NaN"])
def test_json_that_is_no_notebook(tmp_path: Path, data: str) -> None:
    assert broken(tmp_path, data) == "it is JSON without cells"


def test_json_nested_too_deeply(tmp_path: Path) -> None:
    assert "nested too deeply" in broken(tmp_path, '{"cells":' + "[" * 200_000)


@pytest.mark.parametrize(
    ("document", "what"),
    [
        ({"nbformat": 5, "cells": []}, " is of notebook format 5, which is newer than nb2pipe knows (4)"),
        (
            {"nbformat": "four", "cells": []},
            " cannot be read as a notebook: its nbformat is `four`, which is no number",
        ),
        ({"nbformat": [], "cells": []}, " cannot be read as a notebook: its nbformat is `[]`, which is no number"),
        ({"nbformat": 4, "cells": {"a": 1}}, " cannot be read as a notebook: its `cells` are no list"),
        ({"nbformat": 4, "cells": "x"}, " cannot be read as a notebook: its `cells` are no list"),
    ],
)
def test_documents_that_cannot_be_read(tmp_path: Path, document: dict[str, Any], what: str) -> None:
    assert broken(tmp_path, json.dumps(document)) == what


@pytest.mark.parametrize(
    "worksheets", [3, ["x"], {"a": 1}, [{"cells": [{"cell_type": "code", "input": {}, "outputs": [7]}]}]]
)
def test_old_documents_that_cannot_be_read(tmp_path: Path, worksheets: Any, capfd: pytest.CaptureFixture[str]) -> None:
    assert "cannot be read as a notebook" in broken(tmp_path, json.dumps({"nbformat": 3, "worksheets": worksheets}))
    assert capfd.readouterr() == ("", "")


OTHERS: dict[str, tuple[dict[str, Any], str]] = {
    "R": ({"kernelspec": {"name": "ir", "language": "R", "display_name": "R"}, "language_info": {"name": "R"}}, "R"),
    "R by its kernel": ({"kernelspec": {"name": "ir"}}, "R"),
    "R 4.3 by its kernel": ({"kernelspec": {"name": "ir43", "display_name": "R 4.3"}}, "R"),
    "Julia": ({"kernelspec": {"name": "julia-1.10", "language": "julia"}, "language_info": {"name": "julia"}}, "Julia"),
    "Julia by its kernel": ({"kernelspec": {"name": "julia-1.10"}}, "Julia"),
    "language_info alone": ({"language_info": {"name": "scala"}}, "Scala"),
    "format 3": ({"language": "Julia"}, "Julia"),
    "unknown": ({"kernelspec": {"name": "x", "language": "Brainfuck"}}, "Brainfuck"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_languages(tmp_path: Path, name: str) -> None:
    metadata, language = OTHERS[name]
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({**GOOD, "metadata": metadata}))
    with pytest.raises(Refused) as caught:
        read(str(path))
    assert caught.value.exit_code == 3
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.span.cell) == ("NB701", -1)
    assert diagnostic.message == f"{path} is a notebook in {language}; nb2pipe compiles Python"
    assert diagnostic.hint


PYTHONS: dict[str, dict[str, Any]] = {
    "nothing said": {},
    "usual": {"kernelspec": {"name": "python3", "language": "python"}, "language_info": {"name": "python"}},
    "upper case": {"kernelspec": {"name": "python3", "language": "Python"}},
    "ipython": {"language_info": {"name": "ipython"}},
    "own kernel": {"kernelspec": {"name": "my-env", "display_name": "My env"}},
    "names that begin like another": {"kernelspec": {"name": "iris"}},
    "prose in English": {"language": "en"},
    "damaged": {"kernelspec": [], "language_info": "python", "jupytext": None},
}


@pytest.mark.parametrize("name", PYTHONS)
def test_python_by_whatever_name(name: str) -> None:
    found = from_document({**GOOD, "metadata": PYTHONS[name]}, "a.ipynb")
    spec = PYTHONS[name].get("kernelspec") or {}
    assert (found.language, found.kernel) == ("python", spec.get("name", "python3"))


@pytest.mark.parametrize(("suffix", "language"), [(".R", "R"), (".jl", "Julia"), (".scala", "Scala")])
def test_scripts_in_other_languages(tmp_path: Path, suffix: str, language: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_text("x <- 1\n")
    with pytest.raises(Refused, match=f"a notebook in {language}; nb2pipe compiles Python"):
        read(str(path))


def test_every_fault_is_of_one_family() -> None:
    assert issubclass(UsageError, Nb2pipeError)
    assert issubclass(Refused, Nb2pipeError)


def test_a_notebook_of_format_4_needs_none_of_the_heavy_packages(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(TEXT)
    script = (
        "import sys; from nb2pipe.notebook.read import read; from nb2pipe.notebook.ipython import parse_cells;"
        "assert parse_cells(read(sys.argv[1]).cells)[0].tree is not None;"
        "print(sorted({'nbformat', 'jupytext', 'nbconvert', 'papermill', 'ipykernel', 'pandas', 'IPython', 'yaml', 'jsonschema'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
