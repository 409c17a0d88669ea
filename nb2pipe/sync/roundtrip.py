"""From an edited package to the new texts of its notebook's cells: carried, compiled again, compared, merged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nb2pipe.diagnostics import UsageError
from nb2pipe.notebook.model import Notebook
from nb2pipe.notebook.read import from_document
from nb2pipe.package.existing import LOCK
from nb2pipe.sync.carry import Base, carried, edits, endings
from nb2pipe.sync.compare import Comparison, compare, unlike
from nb2pipe.sync.edited import Edited
from nb2pipe.sync.merge import Merged, marked, merge

Compile = Callable[[Notebook], Base]
"""Compiles a notebook to the package with the name and version of the edited one."""


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync comes to: the notebook as it is now, the new texts of cells, and what of the edits is not in them."""

    notebook: Notebook
    merged: Merged
    comparison: Comparison


def sync(edited: Edited, notebook: Notebook, compile_: Compile) -> Synced:
    """Bring the edits of a package to the notebook; nothing is written.

    Raises:
        UsageError: The package was not written by this nb2pipe, or the notebook has marks of conflicts.
        Refused: The notebook with the edits has a fault that makes the promise impossible.
    """
    if not edited.changed:
        return Synced(notebook, Merged({}, (), ()), Comparison((), (), ""))
    place = marked(notebook.cells)
    if place is not None:
        raise UsageError(f"{notebook.path} still has the marks of a conflict in cell {place + 1}; resolve it first")
    # The notebook that the package came from, where its modules are.
    base_notebook = from_document(edited.document, str(Path(notebook.path).parent / edited.record.notebook))
    base = compile_(base_notebook)
    wrong = unlike(base.tree, edited)
    if wrong is not None:
        raise UsageError(
            f"{edited.folder} cannot be followed back: this nb2pipe writes another {wrong} "
            f"than {LOCK} has; another version wrote it, or modules beside the notebook have changed"
        )
    found = edits(base, edited.changed)
    sources = carried(base, found, {})
    made = compile_(_with_texts(base_notebook, sources))
    others = endings(found, made.plan)
    if others:
        sources = carried(base, found, others)
        made = compile_(_with_texts(base_notebook, sources))
    comparison = compare(base.tree, edited, made.tree)
    return Synced(notebook, merge(base_notebook.cells, sources, notebook.cells), comparison)


def _with_texts(notebook: Notebook, sources: Mapping[int, str]) -> Notebook:
    cells = tuple(c._replace(source=sources.get(c.index, c.source)) for c in notebook.cells)
    return notebook._replace(cells=cells)
