"""Notebooks of every format of .ipynb, whole and damaged, give the same cells."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import Any

import nbformat
import pytest

from nb2pipe.notebook.model import Cell, Requirements
from nb2pipe.notebook.read import from_document, read, read_document

SOURCES = [
    ("markdown", "# Title\n\nSome *text*."),
    ("code", "x = 1\ny = x + 1"),
    ("code", "print(y)"),
    ("raw", "as it is"),
]


def write(folder: Path, document: Any, name: str = "a.ipynb", **options: Any) -> str:
    path = folder / name
    path.write_text(json.dumps(document, **options), encoding="utf-8")
    return str(path)


def v4(minor: int = 5, cells: list[dict[str, Any]] | None = None, **metadata: Any) -> dict[str, Any]:
    if cells is None:
        cells = []
        for place, (kind, source) in enumerate(SOURCES):
            cell: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": source}
            if kind == "code":
                cell |= {"outputs": [], "execution_count": place}
            if minor >= 5:
                cell["id"] = f"cell-{place}"
            cells.append(cell)
    return {"nbformat": 4, "nbformat_minor": minor, "metadata": metadata, "cells": cells}


def code(source: Any, **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None, **more}


def v3(minor: int = 0) -> dict[str, Any]:
    """What IPython 1 wrote: lines in lists, worksheets, `input` and `prompt_number`, headings of their own."""
    cells = [
        {"cell_type": "heading", "level": 2, "metadata": {}, "source": ["Title"]},
        {"cell_type": "markdown", "metadata": {}, "source": ["Some *text*.\n", "More."]},
        {
            "cell_type": "code",
            "collapsed": False,
            "input": ["x = 1\n", "y = x + 1"],
            "language": "python",
            "metadata": {"tags": ["step:load"]},
            "outputs": [{"output_type": "pyout", "prompt_number": 3, "text": ["2"], "metadata": {}}],
            "prompt_number": 3,
        },
    ]
    return {
        "metadata": {"name": "old"},
        "nbformat": 3,
        "nbformat_minor": minor,
        "worksheets": [{"cells": cells, "metadata": {}}],
    }


def contents(cells: tuple[Cell, ...]) -> list[tuple[str, str]]:
    return [(c.kind, c.source) for c in cells]


@pytest.mark.parametrize("minor", range(6))
def test_formats_4(tmp_path: Path, minor: int) -> None:
    found = read(write(tmp_path, v4(minor)))
    assert contents(found.cells) == SOURCES
    assert [c.index for c in found.cells] == [0, 1, 2, 3]
    assert [c.execution_count for c in found.cells] == [None, 1, 2, None]
    assert (found.name, found.language, found.kernel, found.diagnostics) == ("a", "python", "python3", ())
    assert found.path == str(tmp_path / "a.ipynb")


@pytest.mark.parametrize("minor", [0, 1])
def test_format_3(tmp_path: Path, minor: int, capfd: pytest.CaptureFixture[str]) -> None:
    found = read(write(tmp_path, v3(minor)))
    assert contents(found.cells) == [
        ("markdown", "## Title"),
        ("markdown", "Some *text*.\nMore."),
        ("code", "x = 1\ny = x + 1"),
    ]
    assert found.cells[2].execution_count == 3
    assert found.cells[2].tags.step == "load"
    assert capfd.readouterr() == ("", "")


def test_format_3_with_several_worksheets(tmp_path: Path) -> None:
    document = v3()
    document["worksheets"].append({"cells": [{"cell_type": "code", "input": "z = 3", "outputs": []}]})
    assert [c.source for c in read(write(tmp_path, document)).cells][2:] == ["x = 1\ny = x + 1", "z = 3"]


def test_format_2_and_1(tmp_path: Path) -> None:
    cells = [{"cell_type": "code", "input": "x = 1", "language": "python", "outputs": [], "prompt_number": 1}]
    second = {"metadata": {"name": "n"}, "nbformat": 2, "worksheets": [{"cells": [dict(cells[0])]}]}
    first = {
        "nbformat": 1,
        "cells": [{"cell_type": "code", "code": "x = 1", "prompt_number": 1}, {"cell_type": "text", "text": "t"}],
    }
    assert contents(read(write(tmp_path, second)).cells) == [("code", "x = 1")]
    assert read(write(tmp_path, first)).cells[0].source == "x = 1"


def test_damaged_format_3(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    document = {
        "nbformat": 3,
        "worksheets": [
            {"cells": [{"input": ["a = 1\n", "b = 2"]}, None, {"cell_type": "code", "input": "c = 3", "outputs": None}]}
        ],
    }
    assert [c.source for c in read(write(tmp_path, document)).cells] == ["a = 1\nb = 2", "c = 3"]
    assert capfd.readouterr() == ("", "")


def test_format_4_with_worksheets_is_one_of_format_3(tmp_path: Path) -> None:
    assert read(write(tmp_path, {**v3(), "nbformat": 4})).cells[-1].source == "x = 1\ny = x + 1"


def test_old_formats_give_the_same_ids_every_time(tmp_path: Path) -> None:
    path = write(tmp_path, v3())
    assert [c.id for c in read(path).cells] == [c.id for c in read(path).cells]
    assert [c.id for c in read(path).cells] == [c.id for c in read_document(path).cells]


DAMAGED: dict[str, dict[str, Any]] = {
    "no metadata": {"nbformat": 4, "nbformat_minor": 5, "cells": [code("x = 1")]},
    "metadata is null": {**v4(cells=[code("x = 1")]), "metadata": None},
    "no nbformat": {"cells": [code("x = 1")]},
    "no minor": {"nbformat": 4, "metadata": {}, "cells": [code("x = 1")]},
    "minor is no number": {"nbformat": 4, "nbformat_minor": "x", "metadata": {}, "cells": [code("x = 1")]},
    "format is text": {"nbformat": "4", "metadata": {}, "cells": [code("x = 1")]},
    "cell without metadata": v4(cells=[{"cell_type": "code", "source": "x = 1"}]),
    "cell metadata is null": v4(cells=[code("x = 1", metadata=None)]),
    "outputs are null": v4(cells=[code("x = 1", outputs=None)]),
    "outputs are damaged": v4(
        cells=[
            code(
                "x = 1",
                outputs=[
                    None,
                    {},
                    {"output_type": "stream"},
                    {"output_type": "display_data"},
                    {"output_type": "error", "ename": "E"},
                    {"output_type": "new"},
                ],
            )
        ]
    ),
    "count is text": v4(cells=[code("x = 1", execution_count="7")]),
    "a cell is null": v4(cells=[None, code("x = 1"), 3, "x"]),  # type: ignore[list-item]
    "unknown keys": v4(cells=[code("x = 1", trusted=True, prompt=1)], extra={"a": 1}) | {"author": "me"},
    "tags are null": v4(cells=[code("x = 1", metadata={"tags": None})]),
    "tags are numbers": v4(cells=[code("x = 1", metadata={"tags": [1, None, {}]})]),
    "id of format 4.5 in 4.0": v4(0, cells=[code("x = 1", id="mine")]),
    "source holds no text": v4(cells=[code(["x = ", None, "1", 3])]),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_notebooks_that_fail_the_schema(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, DAMAGED[name])
    found = read(path)
    assert contents(found.cells) == [("code", "x = 1")]
    assert found.cells[0].execution_count is None
    assert found.cells[0].index == 0
    assert found.diagnostics == ()
    document = read_document(path)
    assert [c.source for c in document.cells] == ["x = 1"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = nbformat.reads(nbformat.writes(document), as_version=4)
    assert [c.source for c in again.cells] == ["x = 1"]


def test_cells_without_a_kind_or_a_source(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        v4(
            cells=[{"source": "text"}, {"cell_type": "code"}, {"cell_type": "new", "source": "t"}, code(None), code({})]
        ),
    )
    assert contents(read(path).cells) == [("raw", "text"), ("code", ""), ("raw", "t"), ("code", ""), ("code", "")]
    nbformat.validate(read_document(path))


def test_source_as_list_and_as_text() -> None:
    one = from_document(v4(cells=[code("a = 1\n\nb = 'é'\n")]), "a.ipynb")
    lines = from_document(v4(cells=[code(["a = 1\n", "\n", "b = 'é'\n"])]), "a.ipynb")
    assert contents(one.cells) == contents(lines.cells) == [("code", "a = 1\n\nb = 'é'\n")]
    assert one.cells[0].id == lines.cells[0].id


def test_bom_crlf_and_utf16(tmp_path: Path) -> None:
    document = v4(cells=[code(["x = 'é'\r\n", "y = 2\r", "z = 3"])])
    text = json.dumps(document, indent=1, ensure_ascii=False).replace("\n", "\r\n")
    for name, data in {
        "bom": b"\xef\xbb\xbf" + text.encode(),
        "crlf": text.encode(),
        "little": b"\xff\xfe" + text.encode("utf-16-le"),
        "big": b"\xfe\xff" + text.encode("utf-16-be"),
    }.items():
        path = tmp_path / f"{name}.ipynb"
        path.write_bytes(data)
        assert contents(read(str(path)).cells) == [("code", "x = 'é'\ny = 2\nz = 3")], name
        assert read_document(str(path)).cells[0].source == "x = 'é'\ny = 2\nz = 3", name


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (r"C:\work\my notebooks\sales.ipynb", "sales"),
        (r"..\sales.v2.ipynb", "sales.v2"),
        (r"\\server\share\sales.ipynb", "sales"),
        ("/work/sales.ipynb", "sales"),
        ("sales", "sales"),
        ("Übersicht 2024.ipynb", "Übersicht 2024"),
    ],
)
def test_names_from_paths(path: str, name: str) -> None:
    found = from_document(v4(), path)
    assert (found.name, found.path) == (name, path)


def test_a_path_of_many_letters(tmp_path: Path) -> None:
    folder = tmp_path / "a b" / "ü"
    folder.mkdir(parents=True)
    assert read(write(folder, v4(), "q 1 — 'x'.ipynb")).name == "q 1 — 'x'"


def test_suffix_is_no_matter_for_json(tmp_path: Path) -> None:
    assert contents(read(write(tmp_path, v4(), "a.json")).cells) == SOURCES
    assert contents(read(write(tmp_path, v4(), "a.IPYNB")).cells) == SOURCES
    assert contents(read(write(tmp_path, v4(), "notebook")).cells) == SOURCES


def test_empty_notebook(tmp_path: Path) -> None:
    for document in (v4(cells=[]), {"nbformat": 4}, {"nbformat": 4, "cells": None}, {"nbformat": 3, "worksheets": []}):
        path = write(tmp_path, document)
        assert read(path).cells == ()
        assert read_document(path).cells == []


def test_ids_are_kept() -> None:
    found = from_document(v4(), "a.ipynb")
    assert [c.id for c in found.cells] == ["cell-0", "cell-1", "cell-2", "cell-3"]


def ids(*cells: dict[str, Any]) -> list[str]:
    return [c.id for c in from_document(v4(cells=list(cells)), "a.ipynb").cells]


def test_derived_ids_are_the_same_every_time_and_survive_edits_elsewhere() -> None:
    before = ids(code("a = 1"), code("b = 2"), code("c = 3"))
    assert before == ids(code("a = 1"), code("b = 2"), code("c = 3"))
    assert len(set(before)) == 3
    assert ids(code("a = 100"), code("b = 2"), code("new"), code("c = 3"))[1::2] == before[1:]
    assert ids(code("c = 3"), code("b = 2"), code("a = 1")) == before[::-1]
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", i) for i in before)


def test_derived_ids_of_equal_cells_differ() -> None:
    found = ids(code("x"), code("x"), code("x"))
    assert found == ["b1ba07e5", "b1ba07e5-2", "b1ba07e5-3"]  # records on disk speak of them: they are kept
    assert ids(code("x"), code("y"), code("x"))[::2] == found[:2]


def test_duplicate_and_invalid_ids() -> None:
    found = ids(
        code("a", id="same"),
        code("b", id="same"),
        code("c", id="a b"),
        code("d", id=""),
        code("e", id=7),
        code("f", id="x" * 65),
        code("g", id="x\n"),
    )
    assert found[0] == "same"
    assert len(set(found)) == 7
    assert found[1:] == ids(*(code(s) for s in "bcdefg"))


def test_a_derived_id_leaves_ids_that_are_given_alone() -> None:
    (derived,) = ids(code("x"))
    assert ids(code("x"), code("y", id=derived))[1] == derived
    assert len(set(ids(code("x"), code("y", id=derived)))) == 2


def test_half_a_surrogate_pair_in_a_source(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text('{"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": "x = \'\\ud800\'"}]}')
    assert read(str(path)).cells[0].source == "x = '\ud800'"


def test_attachments_and_outputs_reach_the_document(tmp_path: Path) -> None:
    attachments = {"image.png": {"image/png": "iVBORw0KGgo="}}
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": ["a\n", "b\n"]},
        {"output_type": "execute_result", "data": {"text/plain": "1"}, "metadata": {}, "execution_count": 2},
        {"output_type": "display_data", "data": {"text/plain": "1"}, "metadata": {}},
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": []},
    ]
    markdown = {
        "cell_type": "markdown",
        "metadata": {},
        "source": "![](attachment:image.png)",
        "attachments": attachments,
    }
    raw = {"cell_type": "raw", "metadata": {"format": "text/latex"}, "source": r"\pagebreak"}
    path = write(tmp_path, v4(4, cells=[markdown, raw, code("x", outputs=outputs, metadata={"collapsed": True})]))
    assert contents(read(path).cells) == [
        ("markdown", "![](attachment:image.png)"),
        ("raw", r"\pagebreak"),
        ("code", "x"),
    ]
    document = read_document(path)
    assert document.cells[0].attachments == attachments
    assert document.cells[1].metadata == {"format": "text/latex"}
    assert document.cells[2].outputs == outputs
    assert document.cells[2].metadata == {"collapsed": True}
    nbformat.validate(document)


def test_ids_of_notebook_and_document_are_the_same(tmp_path: Path) -> None:
    path = write(tmp_path, v4(cells=[None, code("a"), code("a"), code("b", id="b"), code("c", id="b")]))  # type: ignore[list-item]
    assert [c.id for c in read(path).cells] == [c.id for c in read_document(path).cells]


def test_the_document_is_of_the_newest_format(tmp_path: Path) -> None:
    document = read_document(write(tmp_path, v4(0)))
    assert (document.nbformat, document.nbformat_minor) == (4, 5)
    nbformat.validate(document)
    assert read_document(write(tmp_path, v4(9))).nbformat_minor == 9


def test_kales_metadata() -> None:
    defaults = [
        "limit:nvidia.com/gpu:2",
        "limit:memory:4Gi",
        "cache:disabled",
        "label:access-ml-pipeline:true",
        "image:python:3.12",
    ]
    found = from_document(
        v4(kubeflow_notebook={"pipeline_name": "titanic-ml", "steps_defaults": defaults, "volumes": []}), "a.ipynb"
    )
    assert found.name == "titanic-ml"
    assert found.defaults == Requirements(gpus=2, memory=4 * 2**30, cache=False, image="python:3.12")
    assert found.diagnostics == ()


def test_kales_metadata_that_is_empty_or_damaged() -> None:
    for kale in ({}, None, [], {"pipeline_name": "", "steps_defaults": ""}, {"steps_defaults": [1, None]}):
        found = from_document(v4(kubeflow_notebook=kale), "a.ipynb")
        assert (found.name, found.defaults, found.diagnostics) == ("a", Requirements(), ())
    found = from_document(v4(kubeflow_notebook={"steps_defaults": ["limit:memory:lots"]}), "a.ipynb")
    assert [(d.code, d.span.cell) for d in found.diagnostics] == [("NB303", -1)]


def test_papermills_tag_and_tags_as_one_text() -> None:
    found = from_document(
        v4(
            cells=[
                code("a = 1", metadata={"tags": ["parameters"]}),
                code("b = 1", metadata={"tags": "step:one, cache:off"}),
            ]
        ),
        "a.ipynb",
    )
    assert found.cells[0].tags.roles == {"parameters"}
    assert (found.cells[1].tags.step, found.cells[1].tags.requirements.cache) == ("one", False)


def test_findings_about_tags_carry_their_cells() -> None:
    found = from_document(
        v4(cells=[code("a"), code("b", metadata={"tags": ["stpe:x"]}), code("c", metadata={"tags": ["memory:x"]})]),
        "a.ipynb",
    )
    assert [(d.code, d.span.cell) for d in found.diagnostics] == [("NB301", 1), ("NB303", 2)]


@pytest.mark.parametrize(
    ("comment", "silenced"),
    [
        ("# nb2pipe: ignore[NB501]", {"NB501"}),
        ("x = 1  # nb2pipe: ignore[NB501, NB502]", {"NB501", "NB502"}),
        ("#nb2pipe:ignore", {"NB"}),
        ("# nb2pipe: ignored", {"NB"}),
        ("# nb2pipe: keep", set()),
        ("# plain", set()),
    ],
)
def test_comments_that_silence(comment: str, silenced: set[str]) -> None:
    found = from_document(v4(cells=[code(f"y = 2\n{comment}\n", metadata={"tags": ["nb2pipe:ignore=NB1"]})]), "a.ipynb")
    assert found.cells[0].tags.ignore == {"NB1", *silenced}
