"""The file of a notebook keeps all but the texts that are new, byte for byte."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest

from nb2pipe import api
from nb2pipe.diagnostics import UsageError
from nb2pipe.sync.written import replace_file, with_sources
from tests.sync.making import compiled

DOCUMENT: dict[str, Any] = {
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "mine": {"b": 1.50, "a": "ä"}},
    "nbformat_minor": 5, "nbformat": 4,
    "cells": [
        {"id": "m", "cell_type": "markdown", "source": ["# *Title*\n", "\n", "source: `x`"], "metadata": {"k": 1}},
        {"source": ["x = 1\n", "print('ü', x)"], "id": "c", "cell_type": "code", "metadata": {"tags": ["step:one"]},
         "outputs": [{"output_type": "stream", "name": "stdout", "text": ["ü 1\n"]}], "execution_count": 7},
        {"id": "d", "cell_type": "code", "metadata": {}, "source": "print(x)", "outputs": [], "execution_count": None},
    ],
}  # fmt: skip


@pytest.mark.parametrize("indent", [None, 1, 2, "\t"])
@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("end", ["", "\n"])
def test_json_in_any_layout(indent: Any, ascii_only: bool, end: str, tmp_path: Path) -> None:
    path = tmp_path / "made.ipynb"
    layout: dict[str, Any] = {"indent": indent, "ensure_ascii": ascii_only}
    path.write_text(json.dumps(DOCUMENT, **layout) + end, "utf-8")
    changed = json.loads(json.dumps(DOCUMENT))
    changed["cells"][1]["source"] = ["x = 2\n", "\n", "print('ö', x)"]
    changed["cells"][2]["source"] = "print(x)\nprint()"
    expected = json.dumps(changed, **layout) + end
    made = with_sources(api.load(str(path)), {1: "x = 2\n\nprint('ö', x)", 2: "print(x)\nprint()"})
    assert made.decode() == expected


def test_a_byte_order_mark_and_line_ends_stay(tmp_path: Path) -> None:
    path = tmp_path / "made.ipynb"
    text = json.dumps(DOCUMENT, indent=1).replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    made = with_sources(api.load(str(path)), {1: "x = 2\nprint(1)"})
    assert made.startswith(b"\xef\xbb\xbf{\r\n")
    assert b"\n" not in made.replace(b"\r\n", b"")
    assert json.loads(made.decode("utf-8-sig"))["cells"][1]["source"] == ["x = 2\n", "print(1)"]


def test_an_empty_cell_gets_a_text_and_one_loses_it(tmp_path: Path) -> None:
    path = tmp_path / "made.ipynb"
    cells = [
        {"cell_type": "code", "metadata": {}, "source": s, "outputs": [], "execution_count": None} for s in ([], ["x"])
    ]
    path.write_text(json.dumps({**DOCUMENT, "cells": cells}, indent=1))
    path.write_bytes(with_sources(api.load(str(path)), {0: "y", 1: ""}))
    assert [c.source for c in api.load(str(path)).cells] == ["y", ""]


@pytest.mark.parametrize("kind", ["py:percent", "py:light", "md", "md:myst", "Rmd"])
def test_text_notebooks(kind: str, tmp_path: Path) -> None:
    cells = [nbformat.v4.new_markdown_cell("# one"), nbformat.v4.new_code_cell("x = 1"),
             nbformat.v4.new_code_cell("%time y = 2\nprint(x)"), nbformat.v4.new_markdown_cell("x = 1")]  # fmt: skip
    notebook = nbformat.v4.new_notebook(
        cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "P", "language": "python"}}
    )
    path = tmp_path / f"made.{kind.partition(':')[0]}"
    path.write_text(jupytext.writes(notebook, fmt=kind), "utf-8")
    before = api.load(str(path))
    texts = {1: "x = 3\n\nprint(x)", 2: "%time y = 5\nprint(x)"}
    content = with_sources(before, texts).decode()
    path.write_text(content, "utf-8")
    assert [c.source for c in api.load(str(path)).cells] == [texts.get(c.index, c.source) for c in before.cells]


def test_what_cannot_be_written_back_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "made.ipynb"
    path.write_text(json.dumps(DOCUMENT))
    notebook = api.load(str(path))
    path.write_text(json.dumps({**DOCUMENT, "cells": DOCUMENT["cells"][:2]}))
    with pytest.raises(UsageError, match="cannot be written back"):
        with_sources(notebook, {1: "x = 2"})


def test_the_file_keeps_its_mode_and_its_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target.ipynb", tmp_path / "link.ipynb"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link.symlink_to(target)
    replace_file(link, b"new")
    assert link.is_symlink()
    assert (target.read_bytes(), target.stat().st_mode & 0o777) == (b"new", 0o640)
    assert sorted(os.listdir(tmp_path)) == ["link.ipynb", "target.ipynb"]


def test_markdown_outputs_tags_and_ids_stay(tmp_path: Path) -> None:
    path = tmp_path / "made.ipynb"
    path.write_text(json.dumps(DOCUMENT, indent=1))
    made = compiled(path, tmp_path / "package")
    made.edit("steps.py", "x = 1", "x = 2")
    api.write_synced(made.sync())
    expected = json.loads(json.dumps(DOCUMENT))
    expected["cells"][1]["source"][0] = "x = 2\n"
    assert path.read_text() == json.dumps(expected, indent=1)
