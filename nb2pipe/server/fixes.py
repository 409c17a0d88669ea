"""What mends a finding, as edits that a page can make and take back: tags, an order of cells, a line of code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nb2pipe.diagnostics import Diagnostic, Severity
from nb2pipe.notebook.model import Cell
from nb2pipe.notebook.tags import meant
from nb2pipe.server.promoted import Words, parameter_fix

Fix = dict[str, Any]


def fixes_of(diagnostic: Diagnostic, cells: Sequence[Cell], said: Words | None = None) -> list[Fix]:
    """The fixes of one finding, the best first; the last one silences what is no error.

    {"kind": "rename-tag", "cell", "old", "new"}    {"kind": "move-cell", "cell", "above"}
    {"kind": "insert-line", "cell", "line", "text"}    {"kind": "add-tag", "cell", "tag"}
    {"kind": "make-parameter", ...} as `parameter_fix` has it
    """
    cell = diagnostic.span.cell
    if not 0 <= cell < len(cells):
        return []
    maker = _MAKERS.get(diagnostic.code)
    found = maker(diagnostic, cells) if maker else []
    promoted = parameter_fix(diagnostic, said) if said else None
    if promoted is not None:
        found.append(promoted)
    if cells[cell].kind == "code" and diagnostic.severity is not Severity.ERROR and diagnostic.code != "NB301":
        found.append({"kind": "add-tag", "cell": cell, "tag": f"nb2pipe:ignore={diagnostic.code}"})
    return found


def _renamed_tags(diagnostic: Diagnostic, cells: Sequence[Cell]) -> list[Fix]:
    cell = diagnostic.span.cell
    found = []
    for tag in cells[cell].labels:
        right = meant(tag.strip())
        if right and tag.strip() == diagnostic.message.arguments[0]:
            found.append({"kind": "rename-tag", "cell": cell, "old": tag, "new": right})
    return found


def _moved_cell(diagnostic: Diagnostic, cells: Sequence[Cell]) -> list[Fix]:
    """The cell that defines a name goes above the one that reads it."""
    cell = diagnostic.span.cell
    later = next((site.span.cell for site in diagnostic.sites if site.span.cell > cell), None)
    return [] if later is None or later >= len(cells) else [{"kind": "move-cell", "cell": later, "above": cell}]


def _seeded(diagnostic: Diagnostic, cells: Sequence[Cell]) -> list[Fix]:
    """A seed in a line of its own, above the first that draws, where the generator is one that the whole process has."""
    cell = diagnostic.span.cell
    if cells[cell].source.lstrip().startswith("%%"):
        return []  # a magic has to stay the first line
    text = _SEEDS.get(diagnostic.message.arguments[0])
    return [{"kind": "insert-line", "cell": cell, "line": 1, "text": text}] if text else []


_SEEDS = {
    "random": "import random; random.seed(0)",
    "numpy.random": "import numpy; numpy.random.seed(0)",
    "torch": "import torch; torch.manual_seed(0)",
}
_MAKERS: dict[str, Callable[[Diagnostic, Sequence[Cell]], list[Fix]]] = {
    "NB301": _renamed_tags,
    "NB103": _moved_cell,
    "NB501": _seeded,
}
