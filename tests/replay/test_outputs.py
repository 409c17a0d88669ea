"""Outputs: what means nothing is left out, the first line or pixel that differs is told."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from PIL import Image

from nb2pipe.replay.compare import Place
from nb2pipe.replay.outputs import differing, figure_differs, lines, shown, tells


def stream(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def display(**data: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": {}}


def png(color: tuple[int, int, int], *, size: tuple[int, int] = (3, 2), spot: tuple[int, int] | None = None) -> bytes:
    image = Image.new("RGB", size, color)
    if spot is not None:
        image.putpixel(spot, (0, 0, 0))
    file = io.BytesIO()
    image.save(file, "png")
    return file.getvalue()


@pytest.mark.parametrize(
    ("notebook", "package"),
    [
        ("<object at 0x7f12ab34cd>", "<object at 0x55aa11bb22>"),
        ("<class '__main__.Model'>", "<class 'sales.functions.Model'>"),
        ("<class 'utils.Model'>", "<class 'sales.utils.Model'>"),
        ("<function f at 0x7f12ab34cd>", "<function train.<locals>.f at 0x7f12ab34ff>"),
        ("Wall time: 12 ms", "Wall time: 9 s"),
        ("/tmp/ipykernel_12/345.py:3", "/tmp/ipykernel_13/678.py:3"),
        ("/tmp/tmpab12cd34/x.csv", "/tmp/tmpzz12cd34/x.csv"),
        ("one\r\ntwo\n", "one\ntwo"),
        ("\x1b[1mbold\x1b[0m", "bold"),
    ],
)
def test_these_are_the_same(notebook: str, package: str) -> None:
    assert lines(notebook, "sales") == lines(package, "sales")


@pytest.mark.parametrize(
    ("notebook", "package"),
    [("1", "2"), ("1.0", "1"), ("a b", "a  b"), ("0x12", "0x13"), (" a", "a"), ("a\n\nb", "a\nb"), ("Model", "model")],
)
def test_these_are_not(notebook: str, package: str) -> None:
    assert lines(notebook, "sales") != lines(package, "sales")


def test_a_figure_that_nothing_was_drawn_in_is_text() -> None:
    found = shown([[display(**{"text/plain": "<Figure size 640x480 with 0 Axes>"})]])
    assert (found.text, found.figures) == ("<Figure size 640x480 with 0 Axes>\n", ())


def test_what_cells_show_is_text_figures_and_errors() -> None:
    picture = base64.b64encode(b"PNG").decode()
    figure = display(**{"text/plain": "<Figure size 640x480 with 1 Axes>", "image/png": picture})
    cells = [
        [stream("a"), stream("warned", "stderr"), display(**{"text/plain": "5", "text/html": "<b>5</b>"})],
        [
            {**figure, "metadata": {"image/png": {"width": 3, "height": 4}}},
            display(**{"text/plain": "<Image>", "image/png": picture}),
        ],
        [{"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}],
    ]
    found = shown(cells)
    assert found.text == "a5\n<Figure size 640x480 with 1 Axes>\n<Image>\n"
    assert found.figures == ((b"PNG", 2),)
    assert found.errors == ("ValueError: no",)


def test_the_first_line_that_differs() -> None:
    assert differing(["a", "b"], ["a", "b"]) is None
    assert differing(["a", "b", "c"], ["a", "x", "y"]) == Place("line 2", "b", "x")
    assert differing(["a"], ["a", "b"]) == Place("line 2", "no more lines", "b")


def test_lines_that_the_notebook_does_not_determine() -> None:
    assert differing(["a", "1"], ["a", "2"], ["a", "3"]) is None
    assert differing(["a", "1"], ["b", "2"], ["a", "3"]) == Place("line 1", "a", "b")


def test_lines_of_another_layout_are_left_out_as_one_block() -> None:
    assert differing(["a", "1", "z"], ["a", "2", "2", "z"], ["a", "3", "z"]) is None
    assert differing(["a", "1", "1", "z"], ["a", "2", "z"], ["a", "3", "z"]) is None
    assert differing(["a", "1", "z"], ["b", "2", "2", "z"], ["a", "3", "z"]) == Place("line 1", "a", "b")
    assert differing(["a", "1", "z"], ["a", "2", "2", "y"], ["a", "3", "z"]) == Place("line 3", "z", "y")
    assert differing(["a", "1", "z"], ["a"], ["a", "3", "z"]) == Place("line 2", "1", "no more lines")


def test_pixels() -> None:
    red = png((255, 0, 0))
    assert figure_differs(red, red) is None
    assert figure_differs(red, png((255, 0, 0), spot=(2, 1))) == Place("pixel (2, 1)", "#ff0000ff", "#000000ff")
    assert figure_differs(red, png((255, 0, 0), size=(3, 3))) == Place("size", "3 x 2", "3 x 3")


def test_an_error_is_told_on_stderr() -> None:
    text = "Traceback:\n  ...\npandas.errors.MergeError: no columns\nmore\n"
    assert tells(text, "MergeError: no columns\nmore")
    assert not tells(text, "MergeError: other")
    supported = "ValueError: supported values are ['agg', {}]"
    mine = supported.format("'module://made._runtime._figures', 'inline'")
    assert tells(mine, supported.format("'inline', 'module://matplotlib_inline.backend_inline'"))
    assert not tells(mine, supported.format("'svg', 'inline'"))
