"""How values, resources, cells and places are said to a person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from nb2pipe.diagnostics import Span, say
from nb2pipe.notebook.model import Notebook
from nb2pipe.pipeline.model import Pipeline

_STATES: Mapping[str, str] = {
    "random": say("random state (Python)"),
    "numpy.random": say("random state (numpy)"),
    "torch": say("random state (torch)"),
    "environment": say("environment variables"),
    "cwd": say("working directory"),
    "sys.path": "sys.path",
    "packages": say("installed packages"),
    "warnings": say("warning filters"),
    "pandas": say("pandas options"),
    "numpy": say("numpy print options"),
    "sklearn": say("scikit-learn settings"),
    "torch.settings": say("torch settings"),
    "ipython": say("IPython settings"),
    "decimal": say("decimal context"),
    "recursionlimit": say("recursion limit"),
    "asyncio": say("event loop"),
    "timezone": say("time zone"),
    "tqdm": say("tqdm's methods of pandas"),
    "libraries": say("what libraries keep to themselves"),
}


def in_words(name: str) -> str:
    """What flows on an edge, in words.

    ``name`` is what an `Evidence` carries: the name of a value as it is, a state of the process in ``<>``, a
    resource as ``kind:key``, or the tag ``after:NAME``. The modules of one package are one state.
    """
    if name.startswith("<"):
        key = name.strip("<>")
        if key.startswith("module:"):
            return say("module %1", key.removeprefix("module:").partition(".")[0])
        if key.startswith("patch:"):
            return say("%1 (set by the notebook)", key.removeprefix("patch:"))
        return _STATES.get(key, say("%1 settings", key))
    kind, colon, key = name.partition(":")
    if not colon:
        return name
    if kind == "after":
        return f"tag after:{key}"
    if key in ("", "*"):
        return say("files of unknown name") if kind == "file" else kind
    return f"{kind} {key}"


def cannot_leave(name: str, kind: str) -> str:
    """Why a value or a state of the process ties steps to one process, in words; ``kind`` is what the value is."""
    words = in_words(name)
    said = words if words != name else f"`{name}` is {'an' if kind[:1] in 'aeiou' else 'a'} {kind} and"
    return f"{said} cannot leave it"


def shortened(names: Iterable[str], width: int) -> str:
    """Names with commas, each once, as many as fit into ``width`` columns, and how many more there are."""
    shown = list(dict.fromkeys(names))
    for count in range(len(shown), 0, -1):
        more = len(shown) - count
        text = ", ".join(shown[:count]) + (f" and {more} more" if more else "")
        if columns(text) <= width:
            return text
    return clipped(shown[0], width) if len(shown) == 1 else f"{len(shown)} values" if shown else ""


def clipped(text: str, width: int) -> str:
    """The text, or its beginning and an ellipsis, in at most ``width`` columns."""
    if columns(text) <= width:
        return text
    kept = ""
    for character in text:
        if columns(kept + character) > width - 1:
            break
        kept += character
    return kept + "…"


def columns(text: str) -> int:
    """How many columns of a terminal the text takes: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in ("W", "F") else 1 for c in text
    )


def cells_in_words(cells: Sequence[int]) -> str:
    """Cells as people count them, from 1, runs joined: ``cells 2-4, 7``."""
    runs: list[list[int]] = []
    for cell in cells:
        if runs and runs[-1][1] == cell - 1:
            runs[-1][1] = cell
        else:
            runs.append([cell, cell])
    text = ", ".join(str(a + 1) if a == b else f"{a + 1}-{b + 1}" for a, b in runs)
    return f"cell{'' if len(cells) == 1 else 's'} {text}"


def count(number: int, word: str) -> str:
    """A number and its word, in the plural where that is due."""
    return f"{number} {word}" + ("" if number == 1 else "s")


def source_line(notebook: Notebook, span: Span) -> str:
    """The first line of a place as it is written; empty where the notebook has no such line.

    Lines end as they do for Python: at a form feed or a Unicode separator none does.
    """
    if not 0 <= span.cell < len(notebook.cells):
        return ""
    lines = re.split(r"\r\n|\r|\n", notebook.cells[span.cell].source)
    return lines[span.line - 1] if 0 < span.line <= len(lines) else ""


def printable(text: str) -> str:
    """The text as one line without characters that would move a terminal's cursor or change its colours."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", "\ufffd", text)


def step_of_cell(pipeline: Pipeline) -> dict[int, str]:
    """The step that each cell belongs to."""
    return {cell: step.name for step in pipeline.steps for cell in step.cells}
