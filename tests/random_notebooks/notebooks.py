"""The record of a random notebook, its text on disk, and its smaller forms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class RandomCell:
    """A code cell as pieces of source that may be left out one by one, with its tags."""

    pieces: tuple[str, ...]
    tags: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """The cell's text."""
        return "\n".join(self.pieces)


@dataclass(frozen=True, slots=True)
class RandomNotebook:
    """A notebook and the split that it is compiled with (None: by its tags)."""

    cells: tuple[RandomCell, ...]
    split: str | None = "cells:1"

    def document(self) -> dict[str, Any]:
        """The notebook in nbformat 4.5."""
        cells = [
            {"cell_type": "code", "id": f"c{i}", "source": c.source, "outputs": [], "execution_count": None,
             "metadata": {"tags": list(c.tags)} if c.tags else {}}
            for i, c in enumerate(self.cells)
        ]  # fmt: skip
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def smaller(notebook: RandomNotebook) -> Iterator[RandomNotebook]:
    """Notebooks that lack something of this one, those that lack most first."""
    cells = notebook.cells
    size = len(cells) // 2
    while size:
        for start in range(0, len(cells), size):
            rest = cells[:start] + cells[start + size :]
            if rest:
                yield replace(notebook, cells=rest)
        size //= 2
    if notebook.split is None:
        untagged = tuple(replace(c, tags=tuple(t for t in c.tags if not t.startswith("step:"))) for c in cells)
        yield RandomNotebook(untagged, "cells:1")
    elif notebook.split != "cells:1":
        yield replace(notebook, split="cells:1")
    for place, cell in enumerate(cells):
        for drop in range(len(cell.pieces)):
            if len(cell.pieces) > 1:
                less = replace(cell, pieces=cell.pieces[:drop] + cell.pieces[drop + 1 :])
                yield replace(notebook, cells=(*cells[:place], less, *cells[place + 1 :]))
    for place, cell in enumerate(cells):
        for number, piece in enumerate(cell.pieces):
            lines = piece.split("\n")
            for drop in range(len(lines)):
                if len(lines) > 1:
                    text = "\n".join(lines[:drop] + lines[drop + 1 :])
                    less = replace(cell, pieces=(*cell.pieces[:number], text, *cell.pieces[number + 1 :]))
                    yield replace(notebook, cells=(*cells[:place], less, *cells[place + 1 :]))
