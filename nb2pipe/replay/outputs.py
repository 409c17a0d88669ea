"""What a notebook shows and what its package prints, in a form in which both can be compared."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nb2pipe.diagnostics import say
from nb2pipe.replay.compare import Place, pictures_differ, texts_differ

_FIGURE = re.compile(r"<\w*Figure size ")
_EMPTY_FIGURE = re.compile(r"<\w*Figure size [\dx.]+ with 0 Axes>")
_WIDGET = "application/vnd.jupyter.widget-view+json"
_SAME = (  # what differs between any two runs, or between a notebook and a package, and means nothing
    (re.compile(r"\x1b\[[0-9;]*[A-Za-z]"), ""),  # colours
    (re.compile(r"0x[0-9a-fA-F]{6,}"), "0x"),  # addresses
    (
        re.compile(r"^Error in callback <function _draw_all_if_interactive at .*\n", re.MULTILINE),
        "",
    ),  # a figure cannot be drawn: IPython's words
    (re.compile(r"(CPU times|Wall time)[^\n]*"), r"\1"),  # of %time
    (
        re.compile(r"^(?:%pylab is deprecated, .*\n)?Populating the interactive namespace from .*\n", re.MULTILINE),
        "",
    ),  # of %pylab
    (re.compile(r"\S*ipykernel_\d+[/\\]\d+\.py"), "<cell>"),
    (re.compile(r"\S*[/\\]tmp\w{8}\b"), "<temporary>"),  # names that `tempfile` makes
    (re.compile(r"\b__main__\."), ""),
    (re.compile(r"\b[\w.]+\.<locals>\."), ""),  # a function of a cell stands in that of its step
    (re.compile(r"\r\n"), "\n"),  # a kernel runs commands at a terminal
    (re.compile(r"^--\d{4}-\d\d-\d\d \d\d:\d\d:\d\d--  ", re.MULTILINE), "--  "),  # when wget begins
    (re.compile(r"^ *\d+K[ .]+\d+%.*$", re.MULTILINE), "..."),  # how far it is
    (re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \([\d.]+ [KMG]?B/s\) - ", re.MULTILINE), "- "),  # when it ends
    (
        re.compile(r"^\r? *\d+ +[\d.]+[kMG]? +\d+ (?:.* [-\d]+:[-\d]+:[-\d]+){3} +[\d.]+[kMG]?(?=\r|$)", re.MULTILINE),
        "...",
    ),  # curl
    (re.compile(r"(?<=^curl: \(7\) Failed to connect to )(.*) after \d+ ms", re.MULTILINE), r"\1"),
)


class Picture(NamedTuple):
    """A figure: ``scale`` is how much larger it was drawn than the package would; 0 where it is no PNG."""

    data: bytes
    scale: int


class Shown(NamedTuple):
    """What cells show: text, figures, and the errors that they were expected to end with."""

    text: str
    figures: tuple[Picture, ...]
    errors: tuple[str, ...]


def shown(cells: Sequence[Sequence[Mapping[str, Any]]]) -> Shown:
    """The outputs of cells, one after another."""
    text, figures, errors = "", [], []
    for output in (o for outputs in cells for o in outputs):
        kind = output["output_type"]
        if kind == "stream":
            text += _joined(output["text"]) if output["name"] == "stdout" else ""
        elif kind == "error":
            errors.append(f"{output['ename']}: {output['evalue']}".strip().removesuffix(":"))
        else:
            plain = _joined(output["data"].get("text/plain", ""))
            text += f"{plain}\n"
            # a figure that nothing was drawn in is told of in text only
            if _FIGURE.match(plain) and any(not mime.startswith("text/") for mime in output["data"]):
                figures.append(_picture(output))
    return Shown(text, tuple(figures), tuple(errors))


def is_empty_figure(output: Mapping[str, Any]) -> bool:
    """Whether an output is a figure that nothing was drawn in."""
    plain = _joined(output.get("data", {}).get("text/plain", ""))
    return _EMPTY_FIGURE.fullmatch(plain) is not None


def is_live(output: Mapping[str, Any]) -> bool:
    """Whether an output only stands where something else is shown for a while: a widget's area (``Output``), what was cleared."""
    data = output.get("data", {})
    plain = _joined(data.get("text/plain", ""))
    return bool(data) and (not plain or (_WIDGET in data and plain.startswith("Output(")))


def _picture(output: Mapping[str, Any]) -> Picture:
    data, size = output["data"].get("image/png"), output.get("metadata", {}).get("image/png", {})
    if data is None:
        return Picture(b"", 0)
    return Picture(base64.b64decode(_joined(data)), 2 if "width" in size else 1)  # a size of its own: `retina`


def lines(text: str, package: str) -> list[str]:
    """The lines of a text without what means nothing; classes of the package are those of the notebook."""
    for pattern, word in _SAME:
        text = pattern.sub(word, text)
    text = re.sub(rf"\b{package}\.(?:functions|steps|parameters)(?!\.?\w)", "__main__", text)  # a module's own name
    text = re.sub(rf"\b{package}\.(?:(?:functions|steps|parameters|scripts)\.)?", "", text)
    return [line.rstrip() for line in text.rstrip().split("\n")]


def differing(
    expected: Sequence[str], actual: Sequence[str], undetermined: Sequence[str] | None = None
) -> Place | None:
    """The first line that differs; lines that differ from those of ``undetermined``, another run, are left out.

    Where the runs have other numbers of lines, as arrays of other numbers are laid out in other lines, all between the first
    line that differs and the last is left out.
    """
    if expected == actual:
        return None
    if undetermined is not None:
        if len(undetermined) == len(expected) == len(actual):
            actual = [b if a == c else a for a, b, c in zip(expected, actual, undetermined, strict=True)]
        else:
            first = _common(expected, undetermined)
            last = _common(expected[first:][::-1], undetermined[first:][::-1])
            if len(actual) >= first + last:
                actual = [*actual[:first], *expected[first : len(expected) - last], *actual[len(actual) - last :]]
        if expected == actual:
            return None
    return texts_differ("\n".join(expected), "\n".join(actual))


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """With how many equal lines both begin."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def figure_differs(expected: bytes, actual: bytes) -> Place | None:
    """The first pixel in which two PNG files differ; without Pillow, whether their bytes do."""
    if expected == actual:
        return None
    try:
        from PIL import Image
    except ImportError:
        there = say("%1 bytes; pixels are compared where there is Pillow", len(actual))
        return Place(say("bytes"), say("%1 bytes", len(expected)), there)
    pictures = []
    for data in (expected, actual):
        image = Image.open(io.BytesIO(data)).convert("RGBA")
        pictures.append((*image.size, image.tobytes()))
    return pictures_differ(pictures[0], pictures[1])


_OWN_BACKENDS = re.compile(r"(?:, )?'(?:inline|module://[\w.]+)'")
"""In a list of Matplotlib's backends, those of IPython and of packages."""


def tells(errors: str, error: str) -> bool:
    """Whether an error that the notebook shows is among what went to stderr."""
    first = _OWN_BACKENDS.sub("", error.partition("\n")[0].rstrip())
    return any(_OWN_BACKENDS.sub("", line.rstrip()).endswith(first) for line in errors.splitlines())


def _joined(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value)
